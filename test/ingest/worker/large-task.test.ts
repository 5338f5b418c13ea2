import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { digestOf } from '../../../src/digest.ts';
import { Claims } from '../../../src/ingest/claims.ts';
import { FileXattrs } from '../../../src/ingest/file-xattrs.ts';
import { SeenFiles } from '../../../src/ingest/seen-files.ts';
import { newMeter } from '../../../src/ingest/task-cost.ts';
import { ingestLarge } from '../../../src/ingest/worker/large-task.ts';
import { nodeStatus, type StatusReader } from '../../../src/native/file-status.ts';
import { nodeFiles } from '../../../src/native/files.ts';
import { Devices } from '../../../src/sources/devices.ts';
import type { Group } from '../../../src/store/seam/write.ts';
import { makeTree } from '../../harness/tree.ts';

const CONTENT = randomBytes(3 << 20);

/** A store that writes down what it is asked for. */
class RecordingGroup {
  readonly calls: string[] = [];
  readonly kept: string[] = [];
  readonly #known: boolean;
  readonly #presence: string;

  constructor(known: boolean, presence: string) {
    this.#known = known;
    this.#presence = presence;
  }

  knowsLarge(): boolean {
    return this.#known;
  }

  lookup(): string {
    return this.#presence;
  }

  stageClone(): undefined {
    this.calls.push('clone');
    return undefined;
  }

  stageStream() {
    this.calls.push('stream');
    const chunks: Uint8Array[] = [];
    return {
      write: async (bytes: Uint8Array) => void chunks.push(Buffer.from(bytes)),
      keep: () => void this.kept.push(digestOf(Buffer.concat(chunks))),
      drop: () => void this.calls.push('drop'),
    };
  }
}

async function ingestContent(group: RecordingGroup, status: StatusReader = nodeStatus) {
  const path = join(makeTree({ file: CONTENT }), 'file');
  const context = {
    claims: new Claims(),
    group: group as unknown as Group,
    ...{ status, files: nodeFiles, libc: undefined, meter: newMeter(), task: 1 },
    xattrs: new FileXattrs(undefined),
    seen: new SeenFiles(new Devices(), SeenFiles.sharedTable()),
    stopped: () => false,
    onRead: () => {},
    aheadBytes: 0,
  };
  return await ingestLarge({ directory: dirname(path), inTree: '', name: basename(path) }, context);
}

it('a content that the store has, and seems to know, costs neither a clone nor a write', async () => {
  const group = new RecordingGroup(true, 'present');
  expect(await ingestContent(group)).toMatchObject({ outcome: 'duplicate', size: CONTENT.length });
  expect(group.calls).toEqual([]);
});

it('one that it only seems to know is read again from its start, and stored', async () => {
  const group = new RecordingGroup(true, 'absent');
  const digest = digestOf(CONTENT);
  expect(await ingestContent(group)).toMatchObject({ outcome: 'new', digest });
  expect(group.calls).toEqual(['clone', 'stream']);
  expect(group.kept).toEqual([digest]);
});

it('one that it does not know is written while it is read', async () => {
  const group = new RecordingGroup(false, 'absent');
  expect(await ingestContent(group)).toMatchObject({ outcome: 'new', size: CONTENT.length });
  expect(group.kept).toEqual([digestOf(CONTENT)]);
});

/** Each look gives another time; `size` makes what the file claims of the number of looks so far. */
function lying(size: (looks: number) => number): StatusReader {
  let looks = 0;
  const ofOpen = (fd: Parameters<StatusReader['ofOpen']>[0]) => {
    const status = nodeStatus.ofOpen(fd);
    return { ...status, changedNanoseconds: looks, size: size(looks++) };
  };
  return { ...nodeStatus, ofOpen };
}

it('where times are always now all is read, also of a file that has more than it claims', async () => {
  const group = new RecordingGroup(false, 'absent');
  const ended = await ingestContent(
    group,
    lying(() => 1000),
  );
  expect(ended).toMatchObject({ outcome: 'new', size: CONTENT.length });
  expect(group.kept).toEqual([digestOf(CONTENT)]);
  expect(group.calls).toEqual(['clone', 'stream', 'drop', 'clone', 'stream']);
});

it('readings that ended early because the file grew prove nothing, equal as they are', async () => {
  const group = new RecordingGroup(false, 'absent');
  const ended = await ingestContent(
    group,
    lying((looks) => 1000 * (looks + 1)),
  );
  expect(ended).toMatchObject({ outcome: 'changed', failure: { code: 'INGOT_CHANGED' } });
  expect(group.kept).toEqual([]);
});

it('bytes that are hashed first and written then have to be the same, where times are always now', async () => {
  const group = new RecordingGroup(true, 'absent');
  const ended = await ingestContent(
    group,
    lying(() => CONTENT.length),
  );
  expect(ended).toMatchObject({ outcome: 'new', digest: digestOf(CONTENT) });
  expect(group.kept).toEqual([digestOf(CONTENT)]);
});

it('a file that goes away between two readings has vanished', async () => {
  const group = new RecordingGroup(false, 'absent');
  const status = lying(() => CONTENT.length);
  const ofOpen: StatusReader['ofOpen'] = (fd) => {
    const path = fs.readlinkSync(`/proc/self/fd/${fd}`);
    fs.rmSync(path, { force: true });
    return status.ofOpen(fd);
  };
  expect(await ingestContent(group, { ...status, ofOpen })).toMatchObject({ outcome: 'vanished' });
  expect(group.kept).toEqual([]);
});
