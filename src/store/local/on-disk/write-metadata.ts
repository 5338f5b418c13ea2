/** Writes the small files that say what a store is: whole or not at all, and durably. */
import fs from 'node:fs';
import { dirname } from 'node:path';
import { errnoOf } from '../../../errors.ts';
import { type FileOps, flushDirectory, type StoreFd, writeFully } from '../../../files/file-ops.ts';
import { LockedTemp } from '../../../files/locked-temp.ts';
import { grant, type Rights } from '../../../files/rights.ts';
import { numberOf } from '../../../native/descriptor.ts';
import type { Libc } from '../../../native/libc.ts';

export interface WriteMetadataOptions {
  readonly how: 'replace' | 'if missing';
  readonly rights: Rights;
  readonly ops: FileOps;
  /** With it the temp shows that it is in use. */
  readonly libc: Libc | undefined;
}

/** Replaces a file in one step, or makes it if it is not there yet; durable on return. */
export function writeMetadata(
  path: string,
  text: string,
  { how, rights, ops, libc }: WriteMetadataOptions,
): void {
  const temp = LockedTemp.open(path, rights.mode, libc, ops);
  try {
    grant(temp.fd, rights, ops);
    writeFully(ops, temp.fd, Buffer.from(text));
    if (how === 'replace') keepOwner(path, temp.fd, ops);
    ops.fsyncSync(temp.fd);
    if (how === 'replace') ops.renameSync(temp.path, path);
    else linkIfMissing(temp.path, path, ops);
  } finally {
    temp.close();
  }
  flushDirectory(ops, dirname(path));
}

/** Who could read the file can still read it when it is replaced, whoever does that. */
function keepOwner(path: string, fd: StoreFd, ops: FileOps): void {
  const before = fs.statSync(path, { throwIfNoEntry: false });
  if (before === undefined) return;
  const { uid, gid } = fs.fstatSync(numberOf(fd));
  // Where files have no owners of their own (FAT), it is right already, and chown is refused.
  const isKept = uid === before.uid && gid === before.gid;
  if (process.getuid?.() === 0 && !isKept) ops.fchownSync(fd, before.uid, before.gid);
  grant(fd, { mode: before.mode & 0o777, gid: before.gid }, ops);
}

function linkIfMissing(temp: string, path: string, ops: FileOps): void {
  try {
    ops.linkSync(temp, path);
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'EEXIST') return;
    // FAT, exFAT and some FUSE file systems have no hard links.
    if (code === 'EPERM' || code === 'ENOTSUP' || code === 'ENOSYS') ops.renameSync(temp, path);
    else throw error;
  }
}
