/**
 * Ingests one large file in one pass: read, hash and write overlap, two buffers in turn. Where the
 * store can share blocks with the source nothing is copied. A content that the store very likely
 * holds already (same size, same sample) is hashed before anything is written.
 */

import type { Digest } from '../../digest.ts';
import { type FileStatus, isUnchanged, type StatusReader } from '../../native/file-status.ts';
import type { Files, SourceFd } from '../../native/files.ts';
import type { FoundFile } from '../../sources/found-files.ts';
import { LongPaths } from '../../sources/long-paths.ts';
import { SourceDirectory } from '../../sources/source-directory.ts';
import {
  changedRefusal,
  closeSource,
  kindOf,
  READ_ATTEMPTS,
  type Refusal,
  refusalOf,
  unreadableOf,
} from '../../sources/source-file.ts';
import type { CloneStage, Group, StreamStage } from '../../store/seam.ts';
import type { Claims } from '../claims.ts';
import { hashFile, type ReadContext, SourceError, sampleOf } from './large-read.ts';

export interface LargeContent {
  readonly outcome: 'new' | 'duplicate';
  readonly digest: Digest;
  readonly size: number;
  /** The other task whose claim a duplicate relies on; else 0. */
  readonly owner: number;
}

export interface LargeContext extends ReadContext {
  readonly claims: Claims;
  readonly group: Group;
  readonly status: StatusReader;
  readonly files: Files;
  /** The number of the task, which owns its claims. */
  readonly task: number;
}

/** Stages a large file. Throws when the store or the machine fails; the caller commits. */
export async function ingestLarge(
  file: FoundFile,
  context: LargeContext,
): Promise<LargeContent | Refusal> {
  const { files } = context;
  const long = new LongPaths(files);
  const directory = new SourceDirectory(file, files, long);
  const path = directory.pathOf(file.name);
  let fd: SourceFd;
  try {
    fd = directory.open(file.name);
  } catch (error) {
    return refusalOf(error, path);
  } finally {
    directory.close();
    long.close();
  }
  try {
    return await ingestOpen(fd, path, context);
  } catch (error) {
    if (error instanceof SourceError) return unreadableOf(error.cause, path);
    throw error;
  } finally {
    closeSource(files, fd);
  }
}

async function ingestOpen(
  fd: SourceFd,
  path: string,
  context: LargeContext,
): Promise<LargeContent | Refusal> {
  for (let attempt = 0; attempt < READ_ATTEMPTS; attempt++) {
    const before = statusOf(fd, context);
    const kind = kindOf(before);
    if (kind !== undefined) return { outcome: 'unsupported', kind };
    const unchanged = () => isUnchanged(before, statusOf(fd, context));
    const content =
      (await clone(fd, before.device, unchanged, context)) ??
      (await copy(fd, before.size, unchanged, context));
    if (content !== 'changed') return content;
  }
  return changedRefusal(path);
}

function statusOf(fd: SourceFd, { status }: LargeContext): FileStatus {
  try {
    return status.ofOpen(fd);
  } catch (cause) {
    throw new SourceError('cannot look at a source', { cause });
  }
}

/** Shares the source's blocks, then hashes what was taken over. */
async function clone(
  fd: SourceFd,
  device: number,
  unchanged: () => boolean,
  context: LargeContext,
): Promise<LargeContent | 'changed' | undefined> {
  const stage = context.group.stageClone(fd, device);
  if (stage === undefined) return undefined;
  return await keepIfNew(stage, unchanged, context, async () => {
    const sample = await sampleOf(stage.fd, context.status.ofOpen(stage.fd).size);
    return { sample, ...(await hashFile(stage.fd, () => false, context)) };
  });
}

async function copy(
  fd: SourceFd,
  expected: number,
  unchanged: () => boolean,
  context: LargeContext,
): Promise<LargeContent | 'changed'> {
  const { group, claims, task } = context;
  const sample = await sampleOf(fd, expected);
  // A file that others write to as fast as it is read would never end.
  const grows = (size: number) => size > expected && !unchanged();
  if (group.knowsLarge(expected, sample)) {
    const { digest, size } = await hashFile(fd, grows, context);
    if (!unchanged()) return 'changed';
    if (claims.owner(digest) !== 0 || group.lookup(digest, size) === 'present')
      return {
        outcome: 'duplicate',
        digest,
        size,
        owner: foreign(claims.claim(digest, task), task),
      };
  }
  const stage = group.stageStream({ expected, aligned: true });
  return await keepIfNew(stage, unchanged, context, async () => ({
    sample,
    ...(await hashFile(fd, grows, context, stage)),
  }));
}

/** Keeps what was staged when its content is new and did not change; drops it otherwise. */
async function keepIfNew(
  stage: StreamStage | CloneStage,
  unchanged: () => boolean,
  { group, claims, task }: LargeContext,
  stageAndHash: () => Promise<{ digest: Digest; size: number; sample: string }>,
): Promise<LargeContent | 'changed'> {
  let ended = false;
  try {
    const { digest, size, sample } = await stageAndHash();
    if (!unchanged()) return 'changed';
    const owner = claims.claim(digest, task);
    if (owner !== 0 || group.lookup(digest, size) === 'present')
      return { outcome: 'duplicate', digest, size, owner: foreign(owner, task) };
    ended = true;
    stage.keep(digest, size, sample);
    return { outcome: 'new', digest, size, owner: 0 };
  } finally {
    if (!ended) stage.drop();
  }
}

function foreign(owner: number, task: number): number {
  return owner === task ? 0 : owner;
}
