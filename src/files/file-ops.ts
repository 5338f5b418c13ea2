import fs from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { hasErrno } from '../errors.ts';
import type { AtCalls } from '../native/at.ts';
import { type AnyDescriptor, type Descriptor, numberOf } from '../native/descriptor.ts';
import type { Files, SourceFd } from '../native/files.ts';

/** A file that a `FileOps` has opened, and the same one closes. */
export type StoreFd = Descriptor<'FileOps'>;

type Done = (error: NodeJS.ErrnoException | null) => void;

/**
 * Every file-system call by which the store changes anything: the one seam where tests inject
 * ENOSPC, EIO or a failed rename. Synchronous, because a worker is a thread of its own.
 */
export interface FileOps
  extends Pick<
    typeof fs,
    | 'linkSync'
    | 'unlinkSync'
    | 'mkdirSync'
    | 'rmdirSync'
    | 'statSync'
    | 'copyFileSync'
    | 'chmodSync'
    | 'chownSync'
  > {
  openSync(path: string | Buffer, flags: number, mode?: number): StoreFd;
  closeSync(fd: StoreFd): void;
  writeSync(fd: AnyDescriptor, bytes: Uint8Array, from?: number, length?: number): number;
  write(
    fd: AnyDescriptor,
    bytes: Uint8Array,
    from: number,
    length: number,
    at: number | null,
    done: (error: NodeJS.ErrnoException | null, taken: number) => void,
  ): void;
  fsyncSync(fd: AnyDescriptor): void;
  fsync(fd: AnyDescriptor, done: Done): void;
  ftruncateSync(fd: AnyDescriptor, length: number): void;
  fchmodSync(fd: AnyDescriptor, mode: number): void;
  fchownSync(fd: AnyDescriptor, uid: number, gid: number): void;
  renameSync(from: string | Buffer, to: string | Buffer): void;
  /** Removes a name from an open folder. Undefined where that cannot be called. */
  unlinkInSync?(folder: StoreFd, name: string): void;
  /** Gives an open file without a name its name. Undefined where that cannot be called. */
  linkOpenSync?(fd: AnyDescriptor, to: string): void;
}

export const nodeFileOps = fs as unknown as FileOps;

/** Node's calls, and those on names in an open folder. */
export function fileOpsIn(at: Pick<AtCalls, 'unlink'> | undefined): FileOps {
  if (at === undefined) return nodeFileOps;
  return Object.assign(Object.create(nodeFileOps), { unlinkInSync: at.unlink });
}

/**
 * Makes the calls that every object needs through `files`, the others through Node. With `opener`,
 * temps are opened and closed through that.
 */
export function fileOpsWith(files: Files, opener = files): FileOps {
  const often: Partial<FileOps> = {
    // The same object closes it.
    openSync: (path, flags, mode = 0) => opener.open(path, flags, mode) as AnyDescriptor as StoreFd,
    closeSync: (fd) => opener.close(fd as AnyDescriptor as SourceFd),
    writeSync: (fd, bytes, from = 0, length = bytes.length - from) =>
      files.write(fd, length === bytes.length ? bytes : bytes.subarray(from, from + length)),
    renameSync: (from, to) => files.rename(from, to),
  };
  if (files.link !== undefined) often.linkOpenSync = files.link;
  // Not a copy of fs, which would load its streams and promises.
  return Object.assign(Object.create(nodeFileOps), often);
}

/** What chmod(2) fails with where a file system has no modes of its own, or a sandbox refuses it. */
export const MODE_REFUSALS: readonly string[] = ['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP'];

/**
 * Gives an open file these permissions. Where that is refused, it keeps those that it was made
 * with. Throws what else fchmod(2) fails with.
 */
export function setMode(fd: AnyDescriptor, mode: number, ops: FileOps): void {
  if ((fs.fstatSync(numberOf(fd)).mode & 0o777) === mode) return;
  try {
    ops.fchmodSync(fd, mode);
  } catch (error) {
    if (!hasErrno(error, ...MODE_REFUSALS)) throw error;
  }
}

/** Writes all of `bytes`; write(2) may take fewer than it was given. */
export function writeFully(ops: FileOps, fd: AnyDescriptor, bytes: Uint8Array): void {
  let at = 0;
  while (at < bytes.length) at += ops.writeSync(fd, bytes, at, bytes.length - at);
}

/**
 * The same on libuv's thread pool: a fifo may take its time, and signals are handled meanwhile.
 * Throws what write(2) fails with.
 */
export async function writeFullyLater(
  ops: FileOps,
  fd: AnyDescriptor,
  bytes: Uint8Array,
): Promise<void> {
  const write = writeLater(ops);
  for (let at = 0; at < bytes.length; ) {
    try {
      at += (await write(fd, bytes, at, bytes.length - at, null)).bytesWritten;
    } catch (error) {
      // Another process has made the pipe non-blocking.
      if (!hasErrno(error, 'EAGAIN')) throw error;
      await delay(AGAIN_MS);
    }
  }
}

const AGAIN_MS = 10;

/** write(2) on libuv's thread pool. */
export function writeLater(
  ops: FileOps,
): (
  ...call: [fd: AnyDescriptor, bytes: Uint8Array, from: number, length: number, at: number | null]
) => Promise<{ bytesWritten: number }> {
  // Node's own knows how to name what its callback is given.
  return promisify(ops.write) as unknown as ReturnType<typeof writeLater>;
}

/** Flushes the bytes of the file at a path, no link. Throws an errno. */
export function flushFile(path: string, ops: FileOps): void {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
  const fd = ops.openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    ops.fsyncSync(fd);
  } finally {
    ops.closeSync(fd);
  }
}

/** Makes the names in a directory durable. Throws what open(2) and fsync(2) fail with. */
export function flushDirectory(ops: FileOps, path: string | Buffer): void {
  const fd = openDirectory(ops, path);
  try {
    ops.fsyncSync(fd);
  } finally {
    ops.closeSync(fd);
  }
  confirmFlush(ops, path);
}

/**
 * Has to follow an fsync of a directory, which proves nothing on XFS: after the file system has
 * shut down, it finds nothing left to write and succeeds. But then nothing can be opened any more.
 */
export function confirmFlush(ops: FileOps, path: string | Buffer): void {
  ops.closeSync(openDirectory(ops, path));
}

export function openDirectory(ops: FileOps, path: string | Buffer): StoreFd {
  return ops.openSync(path, fs.constants.O_RDONLY | fs.constants.O_DIRECTORY);
}

/** The names in a folder; none where there is no such folder. Throws what readdir(3) fails with. */
export function namesIn(folder: string): string[] {
  try {
    return fs.readdirSync(folder);
  } catch (error) {
    if (!hasErrno(error, 'ENOENT', 'ENOTDIR')) throw error;
    return [];
  }
}
