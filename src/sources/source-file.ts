import fs from 'node:fs';
import { codeOf, errnoOf, type Failure, failed, failureOf, SHORTAGES } from '../errors.ts';
import { toFsPath } from '../names.ts';
import type { AnyDescriptor } from '../native/descriptor.ts';
import { type FileStatus, isRegularFile } from '../native/file-status.ts';
import type { Files, SourceFd } from '../native/files.ts';
import { type UnsupportedKind, unsupportedKind } from './kind.ts';
import { ModeStatus } from './mode-status.ts';
import { READ_ATTEMPTS } from './readings.ts';

/** How an entry ends when its content cannot be had. */
export type Refusal =
  | { readonly outcome: 'vanished' | 'unreadable' | 'changed'; readonly failure: Failure }
  | { readonly outcome: 'unsupported'; readonly kind: UnsupportedKind };

const UNREADABLE = 'cannot read a file';

/**
 * Reads a file that was just opened to its end into `buffer`, and gives the number of bytes. A read
 * that gives less than it was asked for has met the end of a regular file (POSIX read()); that
 * spares the empty read where it agrees with st_size. Files that claim another size than they
 * have (those of /proc) are read until nothing comes. Gives -1 when the buffer is too small: less
 * than MIN_READ of it is left then.
 */
export function readToEnd(
  files: Files,
  fd: AnyDescriptor,
  buffer: Uint8Array,
  size: number,
): number {
  const most = Math.min(inWhole(size + MIN_READ), inWhole(buffer.length));
  let n = files.read(fd, buffer, most);
  if (n === size && n < most) return n;
  for (let got = n; got > 0; n += got) {
    const room = inWhole(buffer.length - n);
    if (room === 0) return -1;
    got = files.read(fd, buffer.subarray(n), Math.min(most, room));
  }
  return n;
}

/**
 * All reads ask for multiples of this. st_size may say too little; some files of /proc refuse to
 * give megabytes, and others (kpagecount) to give a part of a record.
 */
export const MIN_READ = 64 << 10;

function inWhole(bytes: number): number {
  return bytes - (bytes % MIN_READ);
}

/** The kind of a file that is not regular; undefined for a regular one. */
export function kindOf(status: FileStatus): UnsupportedKind | undefined {
  return isRegularFile(status) ? undefined : unsupportedKind(new ModeStatus(status));
}

export function changedRefusal(path: string): Refusal {
  const failure = {
    what: 'cannot store a file that changes while it is read',
    code: 'INGOT_CHANGED',
    path,
    why: `it changed during each of ${READ_ATTEMPTS} readings`,
    hint: 'ingest it again when nobody writes to it',
  };
  return { outcome: 'changed', failure };
}

/** It was something else when the walk met it. */
export function replacedRefusal(path: string): Refusal {
  const failure = {
    what: 'cannot store an entry that is replaced meanwhile',
    code: 'INGOT_CHANGED',
    path,
    why: 'it has become a link, or a link has become something else',
    hint: 'ingest it again when nobody writes to it',
  };
  return { outcome: 'changed', failure };
}

/**
 * How an entry ends when its file could not be opened. Throws what is not the file's fault: an
 * IngotError where the machine is short of something, and the run cannot go on.
 */
export function refusalOf(error: unknown, path: string): Refusal {
  const code = errnoOf(error);
  if (TELLS_OF_ANOTHER.has(code) && isFileThere(path)) return unreadableOf(error, path);
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return { outcome: 'vanished', failure: { what: 'a file has vanished', code, path } };
    case 'ELOOP':
      return replacedRefusal(path);
    case 'ENXIO':
      return { outcome: 'unsupported', kind: 'socket' };
    default:
      return unreadableOf(error, path);
  }
}

/** What open(2) says of no regular file, and some file systems (FUSE, sysfs) say of one. */
const TELLS_OF_ANOTHER = new Set<string | undefined>(['ENOENT', 'ELOOP', 'ENXIO']);

function isFileThere(path: string): boolean {
  try {
    return fs.lstatSync(toFsPath(path)).isFile();
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return false;
  }
}

/**
 * The same when a call on the open file failed. What can be opened is there, and is a file: ENOENT is
 * how some file systems say that they cannot read it. Nor does ESTALE tell that it is gone: a server
 * that was restarted may not know its handles any more.
 */
export function unreadableOf(error: unknown, path: string): Refusal {
  const code = errnoOf(error);
  // Node's permission model refuses a file without asking the system.
  if (codeOf(error) === 'ERR_ACCESS_DENIED')
    return { outcome: 'unreadable', failure: { ...failureOf(UNREADABLE, error), path } };
  if (code === undefined || SHORTAGES.has(code)) throw failed(UNREADABLE, error, { path });
  return { outcome: 'unreadable', failure: { what: UNREADABLE, code, path } };
}

/**
 * Closes a descriptor that was only read from. A failure loses nothing (FUSE passes on its server's
 * errors): what was read is there, and the descriptor is free.
 */
export function closeSource(files: Files, fd: SourceFd): void {
  try {
    files.close(fd);
  } catch (error) {
    if ([undefined, 'EBADF'].includes(errnoOf(error))) throw error;
  }
}

/** 0.1 s in all, doubling. */
const WAITS_MS = [1, 2, 4, 8, 16, 32, 64];

/**
 * Errnos that pass. Other threads give their descriptors back at any moment; EAGAIN means that the
 * holder of a lease on the file (Samba) is being asked to give it up.
 */
const PASSING = new Set<string | undefined>(['EMFILE', 'ENFILE', 'EAGAIN', 'EINTR']);

/** Tries an open(2) again while it fails with an errno that passes. */
export function retryingOpen<T>(call: () => T): T {
  for (const wait of WAITS_MS) {
    try {
      return call();
    } catch (error) {
      if (!PASSING.has(errnoOf(error))) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, wait);
    }
  }
  return call();
}
