/**
 * A user who owns a tree that somebody else ingests swaps directories of it between the walk and
 * the opening of their files. A run of so few files walks all before it opens any.
 */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it } from 'vitest';
import { digestOf } from '../../src/digest.ts';
import { type Ended, ingot, script, UNPRIVILEGED } from '../harness/run.ts';
import { expectNextRunCompletes, expectWhole, outcomesOf } from '../harness/store-checks.ts';
import { makeTree, temporaryDirectory } from '../harness/tree.ts';

const SWAPPED = fileURLToPath(new URL('../fixtures/swapped-directory.mjs', import.meta.url));

const SIZES = [
  ['small', 1000, 1],
  // A batch opens it first, and gives it back for a task of its own.
  ['large', 6 << 20, 2],
] as const;

let folder: string;
let store: string;
let source: string;
beforeEach(() => {
  folder = temporaryDirectory();
  store = join(folder, 'store');
  source = join(folder, 'source');
});

const run = (env: Record<string, string>, given = source, ...options: string[]): Ended =>
  ingot(
    ['ingest', given, '--store', store, '--json', '--no-progress', '--threads', '1', ...options],
    { env: { NODE_OPTIONS: `--import ${SWAPPED}`, ...env } },
  );

/** Before the `nth` opening of a directory, `to` takes the place of `path` in the source. */
const swap = (nth: number, path: string, to: string) => ({
  SWAP_DIRECTORY: JSON.stringify({
    ...{ nth, from: join(source, path), aside: join(folder, 'aside'), to },
  }),
});

function expectVanished(ended: Ended, path: string): void {
  expect(ended.stderr).toMatch(/^ingot: vanished: [^\n]*\(ENOTDIR\)\n$/);
  expect(ended.stderr).toContain(`: ${join(source, path)}: `);
  expect(ended.code).toBe(0);
}

describe('a directory that becomes a link after it was walked', () => {
  it.each(
    SIZES.flatMap(([size, bytes, nth]) =>
      ['a', 'a/b', 'a/b/c'].map((path) => [size, path, bytes, nth] as const),
    ),
  )('leads nobody out of the source: a %s file, below a link at %s', (_, path, bytes, nth) => {
    makeTree({ 'a/b/c/file': randomBytes(bytes) }, source);
    const outside = makeTree({
      'b/c/file': randomBytes(bytes),
      'c/file': randomBytes(bytes),
      file: randomBytes(bytes),
    });
    const link = join(folder, 'link');
    fs.symlinkSync(outside, link);
    const ended = run(swap(nth, path, link));
    expectVanished(ended, 'a/b/c/file');
    expect(outcomesOf(ended)).toEqual({ vanished: 1 });
    expect(expectWhole(store)).toEqual([]);
  });

  it.each([1, 2, 3])('leads nobody out of the source where files are read ahead: %s', (nth) => {
    makeTree({ 'a/b/1': 'one', 'a/b/2': 'two', 'a/c/3': 'three' }, source);
    const outside = makeTree({ 'b/1': 'out 1', 'b/2': 'out 2', 'c/3': 'out 3' });
    const link = join(folder, 'link');
    fs.symlinkSync(outside, link);
    const ended = run(swap(nth, 'a', link), source, '--read-ahead', '64');
    expect(ended.code).toBe(0);
    const { vanished = 0, new: stored = 0 } = outcomesOf(ended);
    expect(vanished).toBeGreaterThan(0);
    expect(vanished + stored).toBe(3);
    const contents = ['one', 'two', 'three'].map((text) => digestOf(Buffer.from(text)));
    for (const digest of expectWhole(store)) expect(contents).toContain(digest);
  });

  it('keeps nobody from storing all else', () => {
    makeTree({ 'a/file': 'a', 'b/file': 'b', file: 'top' }, source);
    const link = join(folder, 'link');
    fs.symlinkSync(makeTree({ file: 'outside' }), link);
    const ended = run(swap(1, 'a', link));
    expectVanished(ended, 'a/file');
    expect(outcomesOf(ended)).toEqual({ new: 2, vanished: 1 });
    expect(expectWhole(store).length).toBe(2);
  });

  it('is not the source itself, when that was a link to begin with', () => {
    makeTree({ 'a/file': 'a', file: 'top' }, source);
    const link = join(folder, 'link');
    fs.symlinkSync(source, link);
    const ended = run({}, link);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(outcomesOf(ended)).toEqual({ new: 2 });
  });
});

describe('a directory that another one takes the place of', () => {
  it('is read as it is then: it lies in the source', async () => {
    makeTree({ 'a/file': 'before', 'a/gone': 'gone' }, source);
    const ended = run(swap(1, 'a', makeTree({ file: 'after' })));
    expect(ended.code).toBe(0);
    expect(outcomesOf(ended)).toEqual({ new: 1, vanished: 1 });
    expect((await expectNextRunCompletes(source, store)).length).toBe(1);
  });
});

it('names of any bytes are opened below their directory', () => {
  const odd = Buffer.concat([Buffer.from(`${source}/`), Buffer.from([0xff, 0x0a, 0x5c])]);
  fs.mkdirSync(source);
  fs.mkdirSync(odd);
  fs.writeFileSync(Buffer.concat([odd, Buffer.from([0x2f, 0xfe])]), 'odd');
  const ended = run({});
  expect(ended).toMatchObject({ code: 0, stderr: '' });
  expect(outcomesOf(ended)).toEqual({ new: 1 });
});

it('the working directory is ingested, though its user may not search the way to it', () => {
  const here = makeTree({ file: 'file', 'a/file': 'in a' }, join(folder, 'closed/here'));
  const ingest = `${UNPRIVILEGED} $INGOT ingest . --store ${store} -q`;
  const ended = script(`chmod 0 ..; ${ingest}; code=$?; chmod 700 ..; exit $code`, { cwd: here });
  expect(ended).toMatchObject({ code: 0, stderr: '' });
  expect(expectWhole(store).length).toBe(2);
});

it('without a binding to the C library, files are opened by their path', () => {
  makeTree({ 'a/file': 'a', large: randomBytes(6 << 20) }, source);
  const refused = run({ WITHOUT_LIBC: 'yes' });
  expect(refused.stderr).toMatch(/^ingot: cannot write here without locks: [^\n]*\n$/);
  expect(refused.code).toBe(1);
  const ended = run({ WITHOUT_LIBC: 'yes' }, source, '--no-snapshot');
  expect(ended.code).toBe(0);
  expect(outcomesOf(ended)).toEqual({ new: 2 });
  expect(expectWhole(store).length).toBe(2);
});
