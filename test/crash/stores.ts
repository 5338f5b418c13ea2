/** The stores that recorded runs find: each function makes one in a directory. */
import fs from 'node:fs';
import { join } from 'node:path';
import { digestOf } from '../../src/digest.ts';
import type { Layout } from '../../src/store/choices.ts';
import { objectPath } from '../../src/store/local/on-disk/layout.ts';
import { ingot } from '../harness/run.ts';
import { makeTree } from '../harness/tree.ts';
import { type Contents, DAMAGED, ingestOf, SMALL, unflushedIngestOf } from './commands.ts';
import { type Command, storeIn } from './record.ts';

/** A store of format 1 that holds these contents. */
export const storeOf =
  (layout: Layout, contents: Contents = {}) =>
  (root: string): void => {
    const source = makeTree({ empty: { directory: true }, ...contents });
    const { code, stderr } = ingot([
      'ingest',
      source,
      '--store',
      storeIn(root),
      '--no-snapshot',
      '--layout',
      layout,
    ]);
    if (code !== 0) throw new Error(stderr);
  };

/** The same, and names with bytes of another length. */
export const damagedStore =
  (layout: Layout, contents: Contents = {}, damaged: readonly string[] = [DAMAGED]) =>
  (root: string): void => {
    storeOf(layout, contents)(root);
    for (const content of damaged) {
      const path = objectPath(storeIn(root), layout, digestOf(Buffer.from(content)));
      fs.rmSync(path, { force: true });
      fs.writeFileSync(path, `not ${content}`);
    }
  };

/** A damaged store of format 2. */
export const damagedStoreOf2 =
  (layout: Layout, contents: Contents = {}) =>
  (root: string): void => {
    damagedStore(layout, contents)(root);
    recordSnapshot(root, ingestOf({ file: 'of a snapshot' }));
  };

/** One of format 2 that holds these contents, and a snapshot of nothing. */
export const storeOf2 =
  (layout: Layout, contents: Contents = {}) =>
  (root: string): void => {
    storeOf(layout, contents)(root);
    recordSnapshot(root, ingestOf({}));
  };

/** One of two snapshots, which have some contents in common. */
export const storeOfTwoSnapshots =
  (layout: Layout, [first, second]: readonly [Contents, Contents]) =>
  (root: string): void => {
    recordSnapshot(root, ingestOf(first, '--layout', layout));
    recordSnapshot(root, ingestOf(second));
  };

/** One that has what an ingest stores, but its snapshot: segments are there with other bytes. */
export const storeOfDamagedSegments =
  (ingest: Command) =>
  (root: string): void => {
    storeOf2('flat')(root);
    const before = fs.readdirSync(join(storeIn(root), '.ingot/segments'));
    recordSnapshot(root, ingest);
    const metadata = join(storeIn(root), '.ingot');
    fs.rmSync(
      join(metadata, 'snapshots', fs.readdirSync(join(metadata, 'snapshots')).sort().at(-1)!),
    );
    for (const name of fs.readdirSync(join(metadata, 'segments'))) {
      if (before.includes(name)) continue;
      const path = join(metadata, 'segments', name);
      const { size } = fs.statSync(path);
      fs.rmSync(path);
      fs.writeFileSync(path, Buffer.alloc(size, 'other bytes '));
    }
  };

function recordSnapshot(root: string, { args }: Command): void {
  const { code, stderr } = ingot(args(root));
  if (code !== 0) throw new Error(stderr);
}

/** A store in which a quarantine was killed that had a sound object on its way. */
export const cutOffStore = (root: string): void => {
  storeOf('flat', SMALL)(root);
  const moving = join(storeIn(root), '.ingot', 'moving');
  const digest = digestOf(Buffer.from(DAMAGED));
  fs.mkdirSync(moving);
  fs.renameSync(join(storeIn(root), digest), join(moving, `${digest}.${'0'.repeat(16)}`));
};

/** A store in which a run without flushes left its mark, and an object that did not reach the disk. */
export const lossyStore = (root: string): void => {
  const { code, stderr } = ingot(unflushedIngestOf({ file: DAMAGED }).args(root));
  if (code !== 0) throw new Error(stderr);
  const path = objectPath(storeIn(root), 'flat', digestOf(Buffer.from(DAMAGED)));
  fs.rmSync(path);
  fs.writeFileSync(path, Buffer.alloc(DAMAGED.length));
};
