import { errnoOf, type Failure, failed, SHORTAGES } from '../errors.ts';
import type { UnsupportedKind } from '../ingest/outcome.ts';
import type { AnyDescriptor } from '../native/descriptor.ts';
import { type FileStatus, isRegularFile } from '../native/file-status.ts';
import type { Files, SourceFd } from '../native/files.ts';
import { unsupportedKind } from './walk/directory.ts';
import { ModeStatus } from './walk/mode-status.ts';

/** How an entry ends when its content cannot be had. */
export type Refusal =
  | { readonly outcome: 'vanished' | 'unreadable' | 'changed'; readonly failure: Failure }
  | { readonly outcome: 'unsupported'; readonly kind: UnsupportedKind };

const UNREADABLE = 'cannot read a file';

/** Reading a file again is worth it so often; what still changes then is `changed`. */
export const READ_ATTEMPTS = 3;

/**
 * Reads a file from its start to its end into `buffer`, and gives the number of bytes. A read
 * that gives less than it was asked for has met the end of a regular file (POSIX read()); that
 * spares the empty read where it agrees with st_size. Files that claim another size than they
 * have (those of /proc) are read until nothing comes. Gives -1 when the buffer is too small.
 */
export function readToEnd(
  files: Files,
  fd: AnyDescriptor,
  buffer: Uint8Array,
  size: number,
): number {
  const most = Math.max(size + 1, LEAST_READ);
  const readOn = (at: number) => {
    const rest = at === 0 ? buffer : buffer.subarray(at);
    return files.read(fd, rest, Math.min(most, rest.length), at);
  };
  let n = readOn(0);
  if (n === size && n < buffer.length) return n;
  for (let got = n; got > 0 && n < buffer.length; n += got) got = readOn(n);
  return n === buffer.length ? -1 : n;
}

/** Bytes to ask for where st_size tells too little. Some files of /proc refuse to give megabytes. */
const LEAST_READ = 64 << 10;

/** What a file is that is no regular file; undefined for one that is. */
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

/**
 * How an entry ends when a call on its file failed. Throws what is not the file's fault: an
 * IngotError where the machine is short of something, and the run cannot go on.
 */
export function refusalOf(error: unknown, path: string): Refusal {
  const code = errnoOf(error);
  if (code === undefined || SHORTAGES.has(code)) throw failed(UNREADABLE, error, { path });
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
    case 'ESTALE':
      return { outcome: 'vanished', failure: { what: 'a file has vanished', code, path } };
    case 'ELOOP':
      return { outcome: 'unsupported', kind: 'symlink' };
    case 'ENXIO':
      return { outcome: 'unsupported', kind: 'socket' };
    default:
      return { outcome: 'unreadable', failure: { what: UNREADABLE, code, path } };
  }
}

/**
 * Closes a descriptor that was only read from. What its file system fails with (FUSE passes on
 * what its server says) is no loss: what was read is there, and the descriptor is free.
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
 * Other threads give their descriptors back at any moment; EAGAIN is of a file with a lease, whose
 * holder (Samba) is being asked for it.
 */
const PASSING = new Set<string | undefined>(['EMFILE', 'ENFILE', 'EAGAIN', 'EINTR']);

/** Opens again what cannot be opened just now. */
export function opening<T>(call: () => T): T {
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
