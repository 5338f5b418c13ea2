import fs from 'node:fs';
import os from 'node:os';
import { type AnyDescriptor, numberOf } from './descriptor.ts';
import type { Statx } from './libc.ts';
import { timespecOf } from './timespec.ts';

/** What ingot asks of stat(2), exact to the nanosecond. */
export interface FileStatus {
  /** Type and permissions, as in st_mode. */
  readonly mode: number;
  /** Bytes. */
  readonly size: number;
  /** st_dev. */
  readonly device: number;
  /** Rounded above 2^53, as in Node's own Stats. */
  readonly inode: number;
  /** Its lower 32 bits: with `inode` they say exactly which it is. */
  readonly inodeLow: number;
  /** st_nlink. */
  readonly links: number;
  readonly uid: number;
  readonly gid: number;
  /** Below 0 before 1970; the nanoseconds count up from there. */
  readonly modifiedSeconds: number;
  readonly modifiedNanoseconds: number;
  readonly changedSeconds: number;
  readonly changedNanoseconds: number;
}

/** Reads the status of files: several times for each, so that a faster call is worth it. */
export interface StatusReader {
  /** Of an open file. Throws what fstat(2) fails with. */
  ofOpen(fd: AnyDescriptor): FileStatus;
  /** Of a path, links followed; undefined when nothing is there. Throws what stat(2) fails with. */
  at(path: string | Buffer): FileStatus | undefined;
  /** The same, a link itself. Throws what lstat(2) fails with. */
  atLink(path: string | Buffer): FileStatus | undefined;
  /** The same of a name in an open directory. Not through Node's fs. */
  in?(directory: AnyDescriptor, name: string | Buffer): FileStatus | undefined;
}

/** Through Node's fs: exact nanoseconds cost it a BigInt for each field. */
export const nodeStatus: StatusReader = {
  ofOpen: (fd) => statusOfStats(fs.fstatSync(numberOf(fd), { bigint: true })),
  at: (path) => {
    const stats = fs.statSync(path, { bigint: true, throwIfNoEntry: false });
    return stats && statusOfStats(stats);
  },
  atLink: (path) => {
    const stats = fs.lstatSync(path, { bigint: true, throwIfNoEntry: false });
    return stats && statusOfStats(stats);
  },
};

/** Through statx(2), whose struct is laid out alike everywhere: a third of the time of Node's. */
export function statxStatus(statx: Statx): StatusReader {
  const words = new Uint32Array(STATX_WORDS);
  const read = (): FileStatus => ({
    mode: words[7]! & 0xffff,
    size: words[10]! + words[11]! * 2 ** 32,
    device: deviceNumber(words[34]!, words[35]!),
    inode: words[8]! + words[9]! * 2 ** 32,
    inodeLow: words[8]!,
    links: words[4]!,
    uid: words[5]!,
    gid: words[6]!,
    changedSeconds: words[24]! + (words[25]! | 0) * 2 ** 32,
    changedNanoseconds: words[26]!,
    modifiedSeconds: words[28]! + (words[29]! | 0) * 2 ** 32,
    modifiedNanoseconds: words[30]!,
  });
  return {
    ofOpen: (fd) => {
      statx.ofOpen(fd, words);
      return read();
    },
    at: (path) => (statx.at(path, true, words) ? read() : undefined),
    atLink: (path) => (statx.at(path, false, words) ? read() : undefined),
    in: (directory, name) => (statx.in(directory, name, words) ? read() : undefined),
  };
}

/** The fastest that this machine offers. */
export function statusReader(statx: Statx | undefined): StatusReader {
  return statx === undefined || os.endianness() === 'BE' ? nodeStatus : statxStatus(statx);
}

/** The device number that glibc's makedev(3) makes of the two parts that statx gives. */
function deviceNumber(major: number, minor: number): number {
  const low = (major & 0xfff) * 2 ** 8 + (minor & 0xff);
  return Math.floor(major / 2 ** 12) * 2 ** 44 + Math.floor(minor / 2 ** 8) * 2 ** 20 + low;
}

/** struct statx has 256 bytes (statx(2)). */
const STATX_WORDS = 64;

/** Of a Stats of Node's. */
export function statusOfStats(stats: fs.BigIntStats): FileStatus {
  const modified = timespecOf(stats.mtimeNs);
  const changed = timespecOf(stats.ctimeNs);
  return {
    mode: Number(stats.mode),
    size: Number(stats.size),
    device: Number(stats.dev),
    inode: Number(stats.ino),
    inodeLow: Number(BigInt.asUintN(32, stats.ino)),
    links: Number(stats.nlink),
    uid: Number(stats.uid),
    gid: Number(stats.gid),
    modifiedSeconds: Number(modified.seconds),
    modifiedNanoseconds: Number(modified.nanoseconds),
    changedSeconds: Number(changed.seconds),
    changedNanoseconds: Number(changed.nanoseconds),
  };
}

const { S_IFMT, S_IFREG, S_IFLNK } = fs.constants;

export function isRegularFile({ mode }: FileStatus): boolean {
  return (mode & S_IFMT) === S_IFREG;
}

export function isSymbolicLink({ mode }: FileStatus): boolean {
  return (mode & S_IFMT) === S_IFLNK;
}

/**
 * True when an open file has fewer blocks than bytes: holes, or what looks like them where data are
 * compressed. Throws what fstat(2) fails with.
 */
export function hasHoles(fd: AnyDescriptor): boolean {
  const { blocks, size } = fs.fstatSync(numberOf(fd));
  return blocks * BLOCK_BYTES < size;
}

/** Of st_blocks, whatever the file system's own are. */
const BLOCK_BYTES = 512;

/** True when nothing shows that a file was written to between two looks: neither size nor times. */
export function isUnchanged(before: FileStatus, after: FileStatus): boolean {
  return (
    before.size === after.size &&
    before.changedNanoseconds === after.changedNanoseconds &&
    before.changedSeconds === after.changedSeconds &&
    before.modifiedNanoseconds === after.modifiedNanoseconds &&
    before.modifiedSeconds === after.modifiedSeconds
  );
}
