import fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { changedIn } from '../../bench/again/changed.ts';
import { restOf } from '../../bench/again/first.ts';
import { recordRow } from '../../bench/again/record.ts';
import { makeTree, temporaryDirectory } from '../harness/tree.ts';

it('what is left to do is the share of a first ingest, and an unchanged one', () => {
  const samples = (...seconds: number[]) => seconds.map((each) => ({ seconds: each, stdout: '' }));
  const rest = restOf(samples(10, 20), samples(1, 2), [0.5, 0.75]);
  expect(rest.map(({ seconds }) => seconds)).toEqual([6, 7]);
});

describe('the files that a round changes', () => {
  const files = Array.from({ length: 1000 }, (_, n) => n);

  it('are one in a hundred, scattered, and others in each round', () => {
    const rounds = [-1, 0, 1, 2].map((round) => changedIn(round, 3, files));
    for (const changed of rounds) {
      expect(changed).toHaveLength(10);
      const gaps = changed.slice(1).map((file, at) => file - changed[at]!);
      expect(gaps).toEqual(gaps.map(() => 100));
    }
    expect(new Set(rounds.flat()).size).toBe(40);
  });

  it('are at least one, if there is one', () => {
    expect(changedIn(0, 1, [1, 2, 3])).toHaveLength(1);
    expect(changedIn(0, 1, [])).toEqual([]);
  });
});

describe('the record', () => {
  it('is counted in bytes an entry', () => {
    const store = makeTree({
      '.ingot/records/a': 'x'.repeat(300),
      '.ingot/records/b': 'x'.repeat(100),
      '.ingot/store.json': '{}',
    });
    expect(recordRow({ store, entries: 4 }).figures).toEqual({
      ...{ bytesAnEntry: 100, must: 140, aim: 100 },
    });
  });

  it('is absent where none was written', () => {
    const store = temporaryDirectory();
    expect(recordRow({ store, entries: 4 }).absent).toBe('this ingot keeps none');
    fs.mkdirSync(join(store, '.ingot/records'), { recursive: true });
    expect(recordRow({ store, entries: 4 }).absent).toBe('this ingot keeps none');
  });
});
