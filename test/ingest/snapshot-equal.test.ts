/** Any tree is recorded as it is, and equal trees have equal roots, however they are taken in. */
import fs from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { ingest } from 'ingot';
import { expect, test } from 'vitest';
import { escapeName } from '../../src/names.ts';
import { newStore } from '../harness/ingest-tree.ts';
import { directoryInMemory, makeTree, type TreeLiteral } from '../harness/tree.ts';
import { plain, recorded, seen } from './snapshots.ts';

/** Few, so that names are prefixes of each other and directories have several entries. */
const NAMES = ['a', 'a.b', 'a-', 'b', '\udcff', 'é', '\uffff', '😀', '"\udc5c', '\udc0a', '~'];

const anyName = fc.oneof(
  fc.constantFrom(...NAMES),
  fc
    .uint8Array({ min: 1, max: 255, minLength: 1, maxLength: 6 })
    .map((bytes) => escapeName(Buffer.from(bytes.map((byte) => (byte === 0x2f ? 0x30 : byte)))))
    .filter((name) => name !== '.' && name !== '..'),
);
const anyPath = fc.array(anyName, { minLength: 1, maxLength: 4 }).map((names) => names.join('/'));
const anyLeaf = fc.oneof(
  fc.constantFrom('', 'one', 'two', 'x'.repeat(5000)),
  fc.constant({ directory: true } as const),
  fc.constantFrom('a', '../b', 'no where').map((symlink) => ({ symlink })),
);

/** No path leads through a leaf of another. */
const anyTree = fc
  .array(fc.tuple(anyPath, anyLeaf), { maxLength: 12 })
  .map((entries): TreeLiteral => {
    const tree = new Map<string, (typeof entries)[number][1]>();
    const isFree = (path: string) =>
      [...tree.keys()].every(
        (other) => other !== path && !other.startsWith(`${path}/`) && !path.startsWith(`${other}/`),
      );
    for (const [path, leaf] of entries) if (isFree(path)) tree.set(path, leaf);
    return Object.fromEntries(tree);
  });

/** Names one file twice, gives another a mode and a time. */
function varied(tree: string): void {
  const [first, second] = (seen(tree) as { type: string; path: string }[]).filter(
    ({ type, path }) => type === 'file' && path.isWellFormed(),
  );
  if (first !== undefined) fs.linkSync(join(tree, first.path), join(tree, 'other name'));
  if (second === undefined) return;
  fs.chmodSync(join(tree, second.path), 0o4711);
  fs.utimesSync(join(tree, second.path), 1, -12345.5);
}

test('any tree is recorded as lstat sees it, with any number of threads and files in a batch', async () => {
  await fc.assert(
    fc.asyncProperty(
      anyTree,
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 1, max: 5 }),
      async (literal, threads, batchFiles) => {
        const tree = makeTree(literal, directoryInMemory());
        varied(tree);
        const { entries, report } = await recorded([tree], { threads, batchFiles });
        expect(plain(entries)).toEqual(seen(tree));
        expect(report.snapshot).toMatchObject({ entries: entries.length, complete: true });
      },
    ),
    { numRuns: 12 },
  );
});

test('an equal tree has an equal root: another place, order, number of threads, size of batches', async () => {
  const literal = Object.fromEntries(
    Array.from({ length: 400 }, (_, n) => [`d${n % 9}/e${n % 5}/f${n}`, `content ${n % 50}`]),
  );
  const tree = makeTree(literal, directoryInMemory());
  const reversed = makeTree(
    Object.fromEntries(Object.entries(literal).reverse()),
    directoryInMemory(),
  );
  const paths = (seen(tree) as { path: string }[]).map(({ path }) => path).reverse();
  for (const path of paths) {
    const { atimeMs, mtimeMs } = fs.statSync(join(tree, path));
    for (const root of [tree, reversed])
      fs.utimesSync(join(root, path), atimeMs / 1000, Math.floor(mtimeMs / 1000));
  }
  const roots = new Set<string>();
  for (const [source, options] of [
    [tree, { threads: 1, batchFiles: 1 }],
    [tree, { threads: 3, batchFiles: 7 }],
    [reversed, { threads: 2 }],
    [reversed, { threads: 1, dryRun: true }],
    [tree, { barrier: 'fsync', layout: 'sharded' }],
  ] as const)
    roots.add((await ingest(newStore(), [source], options)).snapshot!.root);
  expect(roots.size).toBe(1);
  fs.chmodSync(join(reversed, paths[0]!), 0o600);
  roots.add((await ingest(newStore(), [reversed])).snapshot!.root);
  expect(roots.size).toBe(2);
});
