import fs from 'node:fs';
import { dirname } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { digestOf } from '../../src/digest.ts';
import { errnoOf } from '../../src/errors.ts';
import { type FileOps, nodeFileOps } from '../../src/files/file-ops.ts';
import { removeFile } from '../../src/files/remove.ts';
import { loadLibc } from '../../src/native/libc.ts';
import type { Durability } from '../../src/store/choices.ts';
import { holdNames } from '../../src/store/local/hold.ts';
import { LocalMainHalf } from '../../src/store/local/main-half.ts';
import { createStore } from '../../src/store/local/on-disk/create-store.ts';
import { readGeneration } from '../../src/store/local/on-disk/generation.ts';
import { objectPath } from '../../src/store/local/on-disk/layout.ts';
import { prepareSnapshots } from '../../src/store/local/upkeep/prepare-snapshots.ts';
import { relayoutStore as relayout } from '../../src/store/local/upkeep/relayout.ts';
import { removeUnderLock } from '../../src/store/local/upkeep/remove-under-lock.ts';
import { LocalWorkerHalf, type LocalWorkerInit } from '../../src/store/local/worker-half.ts';
import type { Group } from '../../src/store/seam/write.ts';
import { FORMATS, GENERATION } from '../harness/formats.ts';
import { expectWhole } from '../harness/store-checks.ts';
import {
  type Call,
  errno,
  libcWithoutRenameNew,
  plantMany,
  recordingOps,
  strayNames,
} from '../harness/temp-store.ts';
import { makeTree, temporaryDirectory } from '../harness/tree.ts';

const libc = (await loadLibc())!;
const ERRORS = ['EIO', 'ENOSPC', 'EDQUOT', 'EMFILE', 'EACCES'];
const HOLES = Buffer.alloc(2 << 12);
const STREAMED = Buffer.concat([HOLES, Buffer.from('x'.repeat(1 << 12)), HOLES]);
const CONTENTS = [Buffer.from('small'), Buffer.from('other'), STREAMED];

/** Changes a store and leaves it as `expected` says, however often it is done. */
interface Work {
  readonly name: string;
  readonly prepare: (root: string) => void;
  readonly run: (root: string, ops?: FileOps) => Promise<unknown>;
  readonly objects: number;
  readonly errors: readonly string[];
}

const WORKS: readonly Work[] = [
  {
    name: 'the creation of a store',
    prepare: () => {},
    run: async (root, ops) => createStore(root, 'flat', ops),
    objects: 0,
    errors: ERRORS,
  },
  ...(['group', 'file'] as const).map((durability) => ({
    name: `a group with --durability ${durability}`,
    prepare: (root: string) => void createStore(root, 'flat'),
    run: (root: string, ops?: FileOps) => ingestGroup(root, durability, ops),
    objects: CONTENTS.length,
    errors: ERRORS,
  })),
  {
    name: 'a store that is made ready for snapshots',
    prepare: (root) => {
      createStore(root, 'flat');
      plantMany(root, 'flat', 2);
    },
    run: async (root, ops = nodeFileOps) => {
      expect(await prepareSnapshots(root, { libc, ops })).toMatchObject({ format: 2 });
      (await holdNames(root, ops)).release();
    },
    objects: 2,
    errors: ERRORS,
  },
  {
    name: 'a removal in a store of format 2',
    prepare: (root) => {
      makeTree(FORMATS[2], root);
      plantMany(root, 'flat', 3);
    },
    run: (root, ops = nodeFileOps) =>
      removeUnderLock(
        root,
        () => {
          expect(readGeneration(root)).not.toBe(GENERATION);
          removeFile(ops, objectPath(root, 'flat', digestOf(Buffer.from('content 1'))));
        },
        { ops },
      ),
    objects: 2,
    errors: ERRORS,
  },
  {
    name: 'a relayout to a flat store',
    prepare: (root) => {
      createStore(root, 'sharded');
      plantMany(root, 'sharded', 5);
    },
    run: (root, ops) => relayout(root, 'flat', {}, ops, libcWithoutRenameNew()),
    objects: 5,
    // It makes no temps, and its many calls differ in nothing else.
    errors: ['EIO', 'ENOSPC'],
  },
];

/** What an ingest does to a store, on one thread. */
async function ingestGroup(root: string, durability: Durability, ops?: FileOps): Promise<void> {
  const barrier = 'fsync';
  const options = { durability, barrier, verifyHits: false, dryRun: false, groups: 1 } as const;
  const main = await LocalMainHalf.open(root, options, ops);
  let done = false;
  try {
    await stageAll(main.workerInit, ops);
    await main.flush();
    done = true;
  } finally {
    await main.end(done ? 'done' : 'failed');
  }
}

async function stageAll(init: LocalWorkerInit, ops?: FileOps): Promise<void> {
  const group = new LocalWorkerHalf(init, 0, libc, ops).openGroup(async () => undefined);
  try {
    const [small, other, streamed] = CONTENTS.map((bytes) => ({ bytes, digest: digestOf(bytes) }));
    for (const { bytes, digest } of [small!, other!])
      if (group.lookup(digest, bytes.length) === 'absent') group.stage(digest, bytes);
    if (group.lookup(streamed!.digest, streamed!.bytes.length) === 'absent')
      await stream(group, streamed!.bytes);
    await group.commit();
  } finally {
    group.discard();
  }
}

async function stream(group: Group, bytes: Buffer): Promise<void> {
  const stage = group.stageStream({ expected: bytes.length, aligned: false, sparse: true });
  let written = false;
  try {
    await stage.write(bytes);
    written = true;
  } finally {
    if (!written) stage.drop();
  }
  stage.keep(digestOf(bytes), bytes.length, undefined);
}

/** A close that fails has closed all the same. Of the 256 shards three stand for all. */
const isTried = ({ name, path }: Call) =>
  name !== 'closeSync' && (!/\/[0-9a-f]{2}$/.test(path) || /\/(00|80|ff)$/.test(path));

/** A folder above those that were made need not be readable: it cannot be flushed then. */
const isAbove = (root: string, { name, path }: Call) =>
  /^(open|fsync)Sync$/.test(name) && dirname(root).startsWith(path) && dirname(root) !== path;

/** What cannot be removed may stay, for the next sweep. */
const REMOVALS: readonly Call['name'][] = ['unlinkSync', 'rmdirSync'];

describe.each(WORKS)('$name', ({ prepare, run, objects, errors }) => {
  let calls: readonly Call[];
  beforeEach(async () => {
    const root = `${temporaryDirectory()}/store`;
    prepare(root);
    const recorder = recordingOps();
    await run(root, recorder.ops);
    calls = recorder.calls;
  });

  test.each(errors)(
    'survives %s of each of its calls, and a second run completes it',
    async (code) => {
      expect(calls.length).toBeGreaterThan(10);
      for (const at of calls.keys()) if (isTried(calls[at]!)) await tryCall(at, code);
    },
  );

  async function tryCall(at: number, code: string): Promise<void> {
    const root = `${temporaryDirectory()}/store`;
    prepare(root);
    const hadGeneration = readGenerationAt(root) !== undefined;
    let made = 0;
    const { ops, calls: done } = recordingOps(() => (made++ === at ? errno(code) : undefined));
    const error = await run(root, ops).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    const failed = done[at]!;
    const what = `${code} of ${failed.name} on ${failed.path}`;
    const stray = fs.existsSync(root) ? strayNames(root) : [];
    if (code === 'EACCES' && isAbove(root, failed)) expect(error, what).toBeUndefined();
    else if (hadGeneration && isBorne(failed, code)) expect(error, what).toBeUndefined();
    else if (!REMOVALS.includes(failed.name)) {
      expect(errnoOf(error), what).toBe(code);
      expect(String(error), what).toContain(root);
      expect(stray, what).toEqual([]);
    }
    if (/^fsync/.test(failed.name)) expectNoSecondFlush(done.slice(at + 1), failed, what);
    if (fs.existsSync(root)) expectWhole(root, stray);
    await run(root);
    expect(expectWhole(root).length, what).toBe(objects);
  }
});

/** Undefined where there is no store yet, or none of format 2. */
function readGenerationAt(root: string): string | undefined {
  return fs.existsSync(root) ? readGeneration(root) : undefined;
}

/** A generation is written over the one before where there is no room for another file. */
function isBorne({ name, path }: Call, code: string): boolean {
  const isFull = code === 'ENOSPC' || code === 'EDQUOT';
  return isFull && name !== 'closeSync' && /\/generation\.ingot\.tmp-/.test(path);
}

/** What could not be flushed is neither flushed again nor given a name. */
function expectNoSecondFlush(after: readonly Call[], { path }: Call, what: string): void {
  const again = after.filter(
    (call) => call.path === path && /^(fsync|rename|link)/.test(call.name),
  );
  expect(again, what).toEqual([]);
}
