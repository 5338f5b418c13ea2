/**
 * Ingests one large file in one pass: read, hash and write overlap, two buffers in turn. A content
 * that the store very likely holds already (same size, same sample) is hashed before anything is
 * written or shared. Where the store can share blocks with the source nothing is copied.
 */

import { joinPath } from '../../names.ts';
import {
  type FileStatus,
  hasHoles,
  isUnchanged,
  type StatusReader,
} from '../../native/file-status.ts';
import type { Files, SourceFd } from '../../native/files.ts';
import type { FoundFile } from '../../sources/found-files.ts';
import { LongPaths } from '../../sources/long-paths.ts';
import { READ_ATTEMPTS, type ReadContent, Readings } from '../../sources/readings.ts';
import { SourceDirectory } from '../../sources/source-directory.ts';
import {
  changedRefusal,
  closeSource,
  kindOf,
  type Refusal,
  refusalOf,
  unreadableOf,
} from '../../sources/source-file.ts';
import type { CloneStage, Group, StreamStage } from '../../store/seam/write.ts';
import type { Claims } from '../claims.ts';
import type { LearntFile } from '../entry-blocks.ts';
import type { FileXattrs } from '../file-xattrs.ts';
import type { SeenFiles } from '../seen-files.ts';
import { hashFile, type ReadContext, SourceError, sampleOf } from './large-read.ts';

export interface LargeContent extends LearntFile {
  readonly outcome: 'new' | 'duplicate';
  /** The other task whose claim a duplicate relies on; else 0. */
  readonly owner: number;
}

export interface LargeContext extends ReadContext {
  readonly claims: Claims;
  readonly group: Group;
  readonly status: StatusReader;
  readonly files: Files;
  readonly xattrs: FileXattrs;
  readonly seen: SeenFiles;
  /** The number of the task, which owns its claims. */
  readonly task: number;
}

/** Stages a large file. Throws when the store or the machine fails; the caller commits. */
export async function ingestLarge(
  file: FoundFile,
  context: LargeContext,
): Promise<LargeContent | Refusal> {
  const readings = new Readings();
  let hashFirst = true;
  for (let attempt = 0; attempt < READ_ATTEMPTS; ) {
    const ended = await readOnce(file, { ...context, readings, hashFirst });
    if (typeof ended === 'object') return ended;
    if (ended === 'changed') attempt++;
    else hashFirst = false;
  }
  return changedRefusal(joinPath(file.directory, file.name));
}

interface ReadingContext extends LargeContext {
  /** Of this file so far. */
  readonly readings: Readings;
  /** Nothing is written where the store seems to know the content. */
  readonly hashFirst: boolean;
}

/** `absent`: the store seemed to know the content, and does not have it. */
type Ended = LargeContent | Refusal | 'changed' | 'absent';

/** Each reading opens the file anew: some files have no positions, so there is no way back. */
async function readOnce(file: FoundFile, context: ReadingContext): Promise<Ended> {
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
    return await readOpen(fd, context);
  } catch (error) {
    if (error instanceof SourceError) return unreadableOf(error.cause, path);
    throw error;
  } finally {
    closeSource(files, fd);
  }
}

async function readOpen(fd: SourceFd, context: ReadingContext): Promise<Ended> {
  const { group, hashFirst } = context;
  const lookedAt = Date.now();
  const before = statusOf(fd, context);
  const kind = kindOf(before);
  if (kind !== undefined) return { outcome: 'unsupported', kind };
  const source = new OpenSource(fd, { before, lookedAt }, context);
  const seen = before.links > 1 ? findSeen(source, context) : undefined;
  if (seen !== undefined) return seen;
  const sample = await sampleOf(fd, before.size);
  if (hashFirst && sample !== undefined && group.knowsLarge(before.size, sample))
    return await findKnown(source, context);
  return (await clone(source, sample, context)) ?? (await copy(source, sample, context));
}

/** Undefined unless it was read by another name, and its object is there. */
function findSeen(source: OpenSource, { seen, claims, group, task }: ReadingContext) {
  const file = seen.find(source.before);
  if (file === undefined) return undefined;
  const owner = claims.owner(file.digest);
  if (owner === 0 && group.lookup(file.digest, file.size) !== 'present') return undefined;
  return { outcome: 'duplicate', owner: foreign(owner, task), ...source.learnt(file) } as const;
}

/** A file that is being read, and how it was before. */
class OpenSource {
  readonly fd: SourceFd;
  readonly before: FileStatus;
  readonly #lookedAt: number;
  readonly #context: ReadingContext;

  constructor(
    fd: SourceFd,
    { before, lookedAt }: { readonly before: FileStatus; readonly lookedAt: number },
    context: ReadingContext,
  ) {
    this.fd = fd;
    this.before = before;
    this.#lookedAt = lookedAt;
    this.#context = context;
  }

  get hasHoles(): boolean {
    return ofSource(() => hasHoles(this.fd));
  }

  learnt({ size, digest }: ReadContent): LearntFile {
    const { before: status, fd } = this;
    const xattrs = this.#context.xattrs.ofOpen(fd);
    return { status, size, digest, xattrs, lookedAt: this.#lookedAt };
  }

  /**
   * A file that others write to as fast as it is read would never end. Only its size shows that:
   * some file systems always report other times, and files of /proc have more than they claim.
   */
  grows(size: number): boolean {
    const expected = this.before.size;
    return size > expected && statusOf(this.fd, this.#context).size !== expected;
  }

  /** True when what was read, if all of it was, may be stored. */
  mayStore(content: ReadContent | undefined): content is ReadContent {
    const { readings } = this.#context;
    if (content !== undefined) {
      const isSame = isUnchanged(this.before, statusOf(this.fd, this.#context));
      return readings.mayStore(content, isSame);
    }
    readings.brokenOff();
    return false;
  }
}

function statusOf(fd: SourceFd, { status }: LargeContext): FileStatus {
  return ofSource(() => status.ofOpen(fd));
}

function ofSource<T>(look: () => T): T {
  try {
    return look();
  } catch (cause) {
    throw new SourceError('cannot look at a source', { cause });
  }
}

/** Hashes a content that the store very likely has. */
async function findKnown(source: OpenSource, context: ReadingContext): Promise<Ended> {
  const { claims, group, task } = context;
  const content = await hashFile(source.fd, (size) => source.grows(size), context);
  if (!source.mayStore(content)) return 'changed';
  const { digest, size } = content;
  if (claims.owner(digest) === 0 && group.lookup(digest, size) !== 'present') return 'absent';
  const owner = foreign(claims.claim(digest, task), task);
  return { outcome: 'duplicate', owner, ...source.learnt(content) };
}

/** Shares the source's blocks, then hashes what was taken over. */
async function clone(
  source: OpenSource,
  sample: string | undefined,
  context: ReadingContext,
): Promise<LargeContent | 'changed' | undefined> {
  const stage = context.group.stageClone?.(source.fd, source.before.device);
  if (stage === undefined) return undefined;
  const hash = () => hashFile(stage.fd, () => false, context);
  return await keepIfNew({ stage, source, sample, hash }, context);
}

async function copy(
  source: OpenSource,
  sample: string | undefined,
  context: ReadingContext,
): Promise<LargeContent | 'changed'> {
  const expected = source.before.size;
  const stage = context.group.stageStream({ expected, aligned: true, sparse: source.hasHoles });
  const hash = () => hashFile(source.fd, (size) => source.grows(size), context, stage);
  return await keepIfNew({ stage, source, sample, hash }, context);
}

interface Staging {
  readonly stage: StreamStage | CloneStage;
  readonly source: OpenSource;
  readonly sample: string | undefined;
  /** Hashes what is staged. */
  hash(): Promise<ReadContent | undefined>;
}

/** Keeps what was staged when its content is new and may be stored; drops it otherwise. */
async function keepIfNew(
  { stage, source, sample, hash }: Staging,
  { group, claims, task }: ReadingContext,
): Promise<LargeContent | 'changed'> {
  let ended = false;
  try {
    const content = await hash();
    if (!source.mayStore(content)) return 'changed';
    const { digest, size } = content;
    const owner = claims.claim(digest, task);
    if (owner !== 0 || group.lookup(digest, size) === 'present')
      return { outcome: 'duplicate', owner: foreign(owner, task), ...source.learnt(content) };
    ended = true;
    stage.keep(digest, size, sample);
    return { outcome: 'new', owner: 0, ...source.learnt(content) };
  } finally {
    if (!ended) stage.drop();
  }
}

function foreign(owner: number, task: number): number {
  return owner === task ? 0 : owner;
}
