import fs from 'node:fs';
import { join } from 'node:path';
import { MessageChannel } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { type Digest, digestOf } from '../../../src/digest.ts';
import { Claims } from '../../../src/ingest/claims.ts';
import { FileXattrs } from '../../../src/ingest/file-xattrs.ts';
import { type BatchTask, LARGE, UNREAD, type WorkerSetup } from '../../../src/ingest/messages.ts';
import { OUTCOMES } from '../../../src/ingest/outcome.ts';
import { Packer } from '../../../src/ingest/packed-files.ts';
import { SeenFiles } from '../../../src/ingest/seen-files.ts';
import { newMeter } from '../../../src/ingest/task-cost.ts';
import {
  BATCH_BUFFER_BYTES,
  type BatchContext,
  BatchRun,
} from '../../../src/ingest/worker/batch-task.ts';
import { SMALL_FILE_BYTES } from '../../../src/ingest/worker/small-files.ts';
import { UnchangedEntries } from '../../../src/ingest/worker/unchanged-entries.ts';
import { WholeDirectories } from '../../../src/ingest/worker/whole-directories.ts';
import { nodeStatus } from '../../../src/native/file-status.ts';
import { nodeFiles } from '../../../src/native/files.ts';
import { loadLibc } from '../../../src/native/libc.ts';
import { Width } from '../../../src/read-ahead/width.ts';
import { Devices } from '../../../src/sources/devices.ts';
import type { Group } from '../../../src/store/seam/write.ts';
import { countOpenIn } from '../../harness/open-files.ts';
import { makeTree, temporaryDirectory } from '../../harness/tree.ts';

const devices = new Devices();
const whole = new WholeDirectories(undefined, undefined);
const seen = new SeenFiles(devices, SeenFiles.sharedTable());
const unchanged = new UnchangedEntries({ record: undefined, wantXattrs: true }, devices, undefined);

const GIVEN_BACK: Record<number, string> = { [UNREAD]: 'unread', [LARGE]: 'large' };

/** A directory with one file of zeros. */
function zeros(name: string, bytes: number): string {
  const directory = temporaryDirectory();
  fs.writeFileSync(join(directory, name), '');
  fs.truncateSync(join(directory, name), bytes);
  return directory;
}

/** A group that is empty and keeps nothing. */
function idleGroup(more: Partial<Group> = {}): Group {
  const settled = { there: [], repaired: [] };
  const idle = { full: false, settled, lookup: () => 'absent', stage: () => {} };
  return { ...idle, ...more } as unknown as Group;
}

/** Runs a batch of files of one directory on a group that is empty and keeps nothing. */
async function runBatch(
  directory: string,
  names: readonly string[],
  more: Partial<BatchContext> = {},
  group = idleGroup(),
) {
  const { port1 } = new MessageChannel();
  const packer = new Packer();
  packer.add({ directory, inTree: '', names: [...names] });
  const task: BatchTask = {
    type: 'batch',
    setup: {} as WorkerSetup,
    id: 1,
    files: packer.take(),
    wantDigests: false,
    port: port1,
  };
  const context: BatchContext = {
    claims: new Claims(),
    buffer: Buffer.alloc(BATCH_BUFFER_BYTES),
    status: nodeStatus,
    ...{ xattrs: new FileXattrs(undefined), devices, unchanged, whole, seen },
    files: nodeFiles,
    ...{ width: new Width('auto', false), aheadBytes: 1 << 20 },
    entriesRead: new Int32Array(1),
    stopped: () => false,
    ...more,
  };
  const done = await new BatchRun(task, context, group, newMeter()).run(async () => {});
  port1.close();
  const outcomes = [...done.outcomes].map((code) => GIVEN_BACK[code] ?? OUTCOMES[code]);
  return { ...done, outcomes };
}

it('a batch that has read 128 MiB gives back the rest', async () => {
  const directory = zeros('a', SMALL_FILE_BYTES);
  const { outcomes, sizes, isCutOff } = await runBatch(directory, new Array(40).fill('a'));
  expect(isCutOff).toBe(true);
  expect(outcomes).toEqual([
    'new',
    ...new Array(31).fill('duplicate'),
    ...new Array(8).fill('unread'),
  ]);
  expect([...sizes.slice(32)]).toEqual(new Array(8).fill(0));
});

it('a file too large for a batch is left to a task of its own, with its size', async () => {
  const directory = zeros('a', SMALL_FILE_BYTES + 1000);
  const { outcomes, sizes } = await runBatch(directory, ['a']);
  expect(outcomes).toEqual(['large']);
  expect([...sizes]).toEqual([SMALL_FILE_BYTES + 1000]);
});

it.each([
  ['grows too large while it is read', 1000],
  ['claims to be empty, as those of /proc do', 0],
])('so is one that %s, with the size that it has at least', async (_, size) => {
  const directory = zeros('a', SMALL_FILE_BYTES + 1000);
  const ofOpen = (fd: number) => ({ ...nodeStatus.ofOpen(fd), size });
  const status = { ...nodeStatus, ofOpen };
  const { outcomes, sizes } = await runBatch(directory, ['a'], { status });
  expect(outcomes).toEqual(['large']);
  expect([...sizes]).toEqual([SMALL_FILE_BYTES + 1]);
});

it('a duplicate tells which other task it relies on, and none where it is its own', async () => {
  const directory = makeTree({ a: 'one', b: 'two', c: 'two' });
  const claims = new Claims();
  claims.claim(digestOf(Buffer.from('one')), 7);
  const relies = await runBatch(directory, ['a', 'b', 'c'], { claims });
  expect(relies.outcomes).toEqual(['duplicate', 'new', 'duplicate']);
  expect([...relies.owners]).toEqual([7, 0, 0]);
  const own = await runBatch(directory, ['b', 'c']);
  expect(own.outcomes).toEqual(['new', 'duplicate']);
  expect([...own.owners]).toEqual([]);
  expect(own.isCutOff).toBe(false);
});

it('a directory is not open while its task waits for a commit, and its files go on after it', async () => {
  const directory = zeros('a', 1);
  const { files } = (await loadLibc())!;
  const packer = new Packer();
  packer.add({ directory, withoutLinks: directory, inTree: '', names: new Array(5).fill('a') });
  const { port1 } = new MessageChannel();
  const setup = {} as WorkerSetup;
  const shared = { type: 'batch', setup, id: 1, wantDigests: false, port: port1 } as const;
  const context: BatchContext = {
    claims: new Claims(),
    buffer: Buffer.alloc(SMALL_FILE_BYTES + 1),
    status: nodeStatus,
    ...{ xattrs: new FileXattrs(undefined), devices, unchanged, whole, seen },
    files,
    ...{ width: new Width('auto', false), aheadBytes: 1 << 20 },
    entriesRead: new Int32Array(1),
    stopped: () => false,
  };
  const group = idleGroup({ full: true });
  const open: number[] = [];
  const run = new BatchRun({ ...shared, files: packer.take() }, context, group, newMeter());
  const { outcomes } = await run.run(async () => void open.push(countOpenIn(directory)));
  port1.close();
  expect(open).toEqual([0, 0, 0, 0, 0, 0]);
  expect([...outcomes].map((code) => OUTCOMES[code])).toEqual([
    'new',
    ...new Array(4).fill('duplicate'),
  ]);
});

it('what was there at a commit is a duplicate, whether its look-up knew that or not', async () => {
  const directory = makeTree({ a: 'one', b: 'two', c: 'three', d: 'one' });
  const there: Digest[] = [];
  const group = idleGroup({
    settled: { there, repaired: [] },
    lookup: () => 'unknown',
    stage: (digest) => void (digest === digestOf(Buffer.from('two')) && there.push(digest)),
  });
  const { outcomes } = await runBatch(directory, ['a', 'b', 'c', 'd'], {}, group);
  expect(outcomes).toEqual(['new', 'duplicate', 'new', 'duplicate']);
});
