import fs from 'node:fs';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { checkRoom } from '../../bench/disk-check.ts';
import { MEMORY } from '../../bench/quiet-disk.ts';
import { roomFor } from '../../bench/room.ts';
import { demandsOf } from '../../bench/run.ts';
import { temporaryDirectory } from '../harness/tree.ts';

const GB = 1e9;

function free(folder: string) {
  const { bavail, bsize, ffree } = fs.statfsSync(folder);
  return { bytes: bavail * bsize, inodes: ffree };
}

describe('the room on a disk', () => {
  it('is enough for what fits', () => {
    const folder = temporaryDirectory();
    expect(() => checkRoom([{ folder, bytes: 1000, inodes: 10, by: 'it' }])).not.toThrow();
  });

  it('is lacking when the demands on one disk together are too large', () => {
    const folder = temporaryDirectory();
    const half = { folder, bytes: free(folder).bytes * 0.6 + GB, inodes: 1 };
    const both = [
      { ...half, by: 'one' },
      { ...half, folder: temporaryDirectory(), by: 'the other' },
    ];
    expect(() => checkRoom(both)).toThrow(/not enough room .*: one and the other need .*GB/);
  });

  it('is lacking without inodes', () => {
    const folder = temporaryDirectory();
    const { inodes } = free(folder);
    const demand = { folder, bytes: 1, inodes: inodes * 2 + 1000, by: 'it' };
    if (inodes > 0) expect(() => checkRoom([demand])).toThrow(/it need .*inodes .*free/);
    else expect(() => checkRoom([demand])).not.toThrow();
  });

  it('in memory is no more than the memory that is available', () => {
    const real = fs.statfsSync(MEMORY);
    // A limit that the machine could not keep: 4 PB.
    const boundless = { ...real, bsize: 4096, bavail: 1e12 };
    const statfs = vi.spyOn(fs, 'statfsSync').mockReturnValue(boundless as never);
    onTestFinished(() => statfs.mockRestore());
    const demand = { folder: MEMORY, bytes: 1e15, inodes: 1, by: 'it' };
    expect(() => checkRoom([demand])).toThrow(/not enough room/);
    expect(() => checkRoom([{ ...demand, folder: temporaryDirectory() }])).not.toThrow();
  });

  it('cannot be told of a folder that is not there', () => {
    const demand = { folder: '/no/such/folder', bytes: 1, inodes: 1, by: 'it' };
    expect(() => checkRoom([demand])).toThrow(/\/no\/such\/folder: .*\(ENOENT\)/);
  });
});

it('a question makes its trees one after the other: the largest needs room, beside the corpus', () => {
  const sizes: Readonly<Record<string, number>> = { corpus: 5, small: 10, large: 1000 };
  const factsOf = (name: string) => ({ name, files: 1, bytes: sizes[name]! });
  const question = { corpora: () => [{ name: 'small' }, { name: 'large' }] };
  const need = {
    corpus: factsOf('corpus'),
    corpora: { facts: ({ name }: { name: string }) => factsOf(name) },
  };
  const arena = { folder: '/a', bytes: 1, inodes: 1 };
  const demands = (settings: object) =>
    demandsOf({ questions: [question], ...settings } as never, need as never, arena, '/t');
  const room = (...names: string[]) => names.reduce((sum, name) => sum + roomFor(factsOf(name)), 0);
  expect(demands({})[1]!.bytes).toBe(room('corpus', 'large'));
  expect(demands({ tree: '/own' })[1]!.bytes).toBe(room('large'));
});
