/** Files for the user, made whole or not at all. Paths are in the escaped form of names.ts. */
import { once } from 'node:events';
import fs from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { errnoOf, IngotError, UsageError } from '../errors.ts';
import { escapeName, realPathOf, toFsPath } from '../names.ts';
import type { AnyDescriptor } from '../native/descriptor.ts';
import { loadLibc } from '../native/libc.ts';
import { holdersOf } from './file-identity.ts';
import { type FileOps, flushDirectory, nodeFileOps, type StoreFd } from './file-ops.ts';
import { LockedTemp, sweepTempsOf } from './locked-temp.ts';
import { descriptorOf, requireGiven } from './standard-streams.ts';

export interface ReplaceOptions {
  readonly ops?: FileOps | undefined;
  /** Ends the waiting for the reader of a fifo: it rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Lets `fill` write a temp beside the target, then makes it durable under the target's name. Such
 * temps that killed processes left there are removed. A file that is replaced keeps its mode. A
 * fifo, a device or another special file is written in place, since a rename would remove it; so
 * is an open descriptor (`/dev/fd/3`).
 */
export async function replaceFile(
  target: string,
  fill: (fd: AnyDescriptor) => Promise<void>,
  { ops = nodeFileOps, signal }: ReplaceOptions = {},
): Promise<void> {
  const descriptor = descriptorOf(target);
  if (descriptor !== undefined) return untilAborted(() => fill(descriptor), signal);
  const there = fs.statSync(toFsPath(target), { throwIfNoEntry: false });
  if (there !== undefined && !there.isFile()) return fillInPlace(target, fill, ops, signal);
  const path = followed(target);
  const libc = await loadLibc();
  sweepTempsOf(path, libc, ops);
  const temp = LockedTemp.open(path, there === undefined ? 0o666 : OWNERS_ALONE, libc, ops);
  try {
    if (there !== undefined) ops.fchmodSync(temp.fd, there.mode & 0o777);
    await fill(temp.fd);
    ops.fsyncSync(temp.fd);
    ops.renameSync(toFsPath(temp.path), toFsPath(path));
  } finally {
    temp.close();
  }
  // The new name is an entry of the directory, which needs a flush of its own.
  flushDirectory(ops, toFsPath(dirname(path)));
}

/** Until it has the mode of what it replaces. */
const OWNERS_ALONE = 0o600;

/**
 * Throws when no file can be made at the target, so that long work need not end in that, and when
 * it lies in the store, whose files only the store writes.
 */
export function checkReplaceable(target: string, store: string | undefined): void {
  const descriptor = descriptorOf(target);
  if (descriptor !== undefined) {
    requireGiven(target);
    // Fails where it is not open, or only for reading.
    fs.writeSync(descriptor, Buffer.alloc(0));
    const open = pathOfOpen(descriptor);
    if (open !== undefined && store !== undefined) refuseWithin(store, dirname(open), target);
    return;
  }
  const stat = fs.statSync(toFsPath(target), { throwIfNoEntry: false });
  if (stat?.isDirectory())
    throw new IngotError({
      what: 'cannot write a file',
      code: 'EISDIR',
      path: target,
      why: 'it is a directory',
      hint: 'name a file in it',
    });
  if (stat !== undefined && !stat.isFile()) return;
  const folder = dirname(followed(target));
  fs.accessSync(toFsPath(folder), fs.constants.W_OK);
  if (store !== undefined) refuseWithin(store, folder, target);
}

/** A store that is not there yet holds nothing. */
function refuseWithin(store: string, folder: string, target: string): void {
  if (!fs.existsSync(toFsPath(store)) || !holdersOf(folder)(store)) return;
  throw new UsageError({
    what: 'cannot write a file into the store',
    code: 'INGOT_IN_STORE',
    path: target,
    why: 'only ingot itself writes there',
    hint: 'name a file elsewhere',
  });
}

/** Where an open file lies; undefined for what lies nowhere: a pipe, a file without a name. */
function pathOfOpen(descriptor: number): string | undefined {
  const link = `/proc/self/fd/${descriptor}`;
  if (!fs.fstatSync(descriptor).isFile() || !fs.existsSync(link)) return undefined;
  const path = fs.readlinkSync(link, { encoding: 'buffer' });
  return fs.existsSync(path) ? escapeName(path) : undefined;
}

async function fillInPlace(
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
      if (errnoOf(error) !== 'ENXIO' || !fs.statSync(path).isFIFO()) throw error;
    } finally {
      if (probe >= 0) fs.closeSync(probe);
    }
    // When this is aborted, the call above throws the signal's reason.
    await delay(READER_POLL_MS, undefined, { signal }).catch(() => {});
  }
}

const READER_POLL_MS = 50;

/** The target with links followed: a rename would replace a link instead of what it points to. */
function followed(target: string): string {
  const isLink = fs.lstatSync(toFsPath(target), { throwIfNoEntry: false })?.isSymbolicLink();
  return isLink && fs.existsSync(toFsPath(target)) ? realPathOf(target) : target;
}

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
