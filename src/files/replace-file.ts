/** Files for the user, made whole or not at all wherever a rename works. Paths are in the escaped form of names.ts. */
import { once } from 'node:events';
import fs from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { errnoOf, failed, hasErrno } from '../errors.ts';
import { toFsPath } from '../names.ts';
import { type AnyDescriptor, numberOf } from '../native/descriptor.ts';
import { type Libc, loadLibc } from '../native/libc.ts';
import { uninterrupted } from '../native/uninterrupted.ts';
import {
  type FileOps,
  flushDirectory,
  nodeFileOps,
  type StoreFd,
  setMode,
  writeFullyLater,
} from './file-ops.ts';
import { LockedTemp, sweepTempsOf } from './locked-temp.ts';
import { isWithoutLocks } from './locks.ts';
import { type OutputPlace, outputPlace } from './output-place.ts';
import { descriptorOf } from './standard-streams.ts';
import { openUnlinked } from './unlinked-temp.ts';

export interface ReplaceOptions {
  readonly ops?: FileOps | undefined;
  /** Ends the waiting for the reader of a fifo: it rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Lets `fill` write a temp, then puts that at the target, durably. By a rename of a temp beside it,
 * so that it appears whole or not at all. Where no rename is possible (a mounted file, a directory
 * that takes no other names), the finished temp is copied over what is there: a failure of that may
 * leave it torn, and says so. A file that is replaced keeps its mode. Temps that killed processes
 * left beside the target are removed.
 *
 * A fifo, a device or another special file is written as it is filled, since a rename would remove
 * it; so is an open descriptor (`/dev/fd/3`).
 */
export async function replaceFile(
  target: string,
  fill: (fd: AnyDescriptor) => Promise<void>,
  { ops = nodeFileOps, signal }: ReplaceOptions = {},
): Promise<void> {
  const descriptor = descriptorOf(target);
  if (descriptor !== undefined) return untilAborted(() => fill(descriptor), signal);
  const libc = await loadLibc();
  const place = outputPlace(target, libc);
  if (place.there !== undefined && !place.there.isFile())
    return fillSpecial(target, fill, ops, signal);
  if (place.obstacle !== undefined) return fillThenCopy(place, fill, ops);
  await sweepTempsOf(place.path, libc, ops);
  await fillThenRename(place, fill, libc, ops);
}

async function fillThenRename(
  place: OutputPlace,
  fill: (fd: AnyDescriptor) => Promise<void>,
  libc: Libc | undefined,
  ops: FileOps,
): Promise<void> {
  const { path, there } = place;
  const temp = openTemp(path, there === undefined ? 0o666 : OWNERS_ALONE, libc, ops);
  try {
    if (there !== undefined) setMode(temp.fd, there.mode & 0o777, ops);
    await fill(temp.fd);
    ops.fsyncSync(temp.fd);
    try {
      ops.renameSync(toFsPath(temp.path), toFsPath(path));
    } catch (error) {
      // The place has changed, or this machine does not say beforehand what is mounted there.
      if (!hasErrno(error, 'EBUSY', 'EPERM', 'EACCES')) throw error;
      return await copyInPlace(temp.fd, place, ops, error);
    }
  } finally {
    temp.close();
  }
  // The new name is an entry of the directory, which needs a flush of its own.
  flushDirectory(ops, toFsPath(dirname(path)));
}

/** Until it has the mode of what it replaces. */
const OWNERS_ALONE = 0o600;

/** Where locks are refused nobody sweeps: a temp needs none. */
function openTemp(path: string, mode: number, libc: Libc | undefined, ops: FileOps): LockedTemp {
  try {
    return LockedTemp.open(path, mode, libc, ops);
  } catch (error) {
    if (!isWithoutLocks(error)) throw error;
    return LockedTemp.open(path, mode, undefined, ops);
  }
}

async function fillThenCopy(
  place: OutputPlace,
  fill: (fd: AnyDescriptor) => Promise<void>,
  ops: FileOps,
): Promise<void> {
  const temp = openUnlinked(ops);
  try {
    await fill(temp);
    await copyInPlace(temp, place, ops);
  } finally {
    ops.closeSync(temp);
  }
}

/**
 * Copies a finished temp over what is at a place, or to a new file where nothing is. Durable on
 * return. `refusal` is what a rename has failed with, if one was tried: where this cannot even begin,
 * it is the error.
 */
async function copyInPlace(
  temp: AnyDescriptor,
  { path, there }: OutputPlace,
  ops: FileOps,
  refusal?: unknown,
): Promise<void> {
  const { O_WRONLY, O_CREAT, O_EXCL } = fs.constants;
  let fd: StoreFd;
  try {
    fd = ops.openSync(toFsPath(path), O_WRONLY | (there ? 0 : O_CREAT | O_EXCL), 0o666);
  } catch (error) {
    throw errnoOf(error) === undefined ? error : (refusal ?? error);
  }
  try {
    // Not cut short at first: on a full disk the blocks that it has are room.
    fs.ftruncateSync(numberOf(fd), await copyAll(temp, fd, ops));
    ops.fsyncSync(fd);
  } catch (error) {
    throw failed('cannot write in place, so what is there may be torn', error, { path });
  } finally {
    ops.closeSync(fd);
  }
  if (there === undefined) flushDirectory(ops, toFsPath(dirname(path)));
}

const COPY_BYTES = 256 << 10;

/** Gives the number of bytes. */
async function copyAll(from: AnyDescriptor, to: AnyDescriptor, ops: FileOps): Promise<number> {
  const block = Buffer.allocUnsafe(COPY_BYTES);
  const readAt = (at: number) =>
    uninterrupted(() => fs.readSync(numberOf(from), block, 0, COPY_BYTES, at));
  let size = 0;
  for (let got = readAt(0); got > 0; got = readAt(size)) {
    await writeFullyLater(ops, to, block.subarray(0, got));
    size += got;
  }
  return size;
}

async function fillSpecial(
  path: string,
  fill: (fd: AnyDescriptor) => Promise<void>,
  ops: FileOps,
  signal: AbortSignal | undefined,
): Promise<void> {
  const fd = await openInPlace(toFsPath(path), ops, signal);
  // Not closed before the last write has ended, whether or not anybody still waits for that.
  await untilAborted(() => fill(fd).finally(() => ops.closeSync(fd)), signal);
}

/** A fifo is opened when somebody reads it. A thread that waited for that could not be stopped. */
async function openInPlace(
  path: string | Buffer,
  ops: FileOps,
  signal: AbortSignal | undefined,
): Promise<StoreFd> {
  const { O_WRONLY, O_NONBLOCK, O_CREAT, O_TRUNC } = fs.constants;
  for (;;) {
    signal?.throwIfAborted();
    let probe = -1;
    try {
      probe = fs.openSync(path, O_WRONLY | O_NONBLOCK);
      return ops.openSync(path, O_WRONLY | O_CREAT | O_TRUNC, 0o666);
    } catch (error) {
      if (!hasErrno(error, 'ENXIO') || !fs.statSync(path).isFIFO()) throw error;
    } finally {
      if (probe >= 0) fs.closeSync(probe);
    }
    // When this is aborted, the call above throws the signal's reason.
    await delay(READER_POLL_MS, undefined, { signal }).catch(() => {});
  }
}

const READER_POLL_MS = 50;

/** Waits for work, which goes on when the signal ends the waiting: a write may be stuck for good. */
async function untilAborted(
  begin: () => Promise<void>,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (signal === undefined) return begin();
  signal.throwIfAborted();
  const over = new AbortController();
  const aborted = once(signal, 'abort', { signal: over.signal }).then(() => {
    throw signal.reason;
  });
  const work = begin();
  // Nobody waits for the one that comes second.
  aborted.catch(() => {});
  work.catch(() => {});
  await Promise.race([work, aborted]).finally(() => over.abort());
}
