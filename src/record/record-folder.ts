/** The folder of records: which there are, which are of use, which can go. */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { dirname, join } from 'node:path';
import { bestEffort, errnoOf, isFailure } from '../errors.ts';
import { type FileOps, namesIn } from '../files/file-ops.ts';
import { tryDeadLock } from '../files/locks.ts';
import { removeFile } from '../files/remove.ts';
import type { Libc } from '../native/libc.ts';
import { openRecord } from './record-file.ts';
import type { RecordedSource } from './record-head.ts';
import { PART } from './record-part.ts';

const { O_RDWR, O_NOFOLLOW, O_NONBLOCK } = fs.constants;

/** Of sources that overlap: more would be asked in vain. */
const MAX_OTHERS = 4;
/** Of runs that were cut off one after the other. */
const MAX_PARTS = 4;
/** Records that nobody used for so long are removed: milliseconds. */
const MAX_UNUSED_MS = 90 * 24 * 3_600_000;
const RECORD_NAME = /^[0-9a-f]{32}$/;
const PART_NAME = /^[0-9a-f]{32}\.part-[0-9a-f]{16}$/;

/** The name of the record of a user's runs over these sources, whatever their labels are. */
export function nameFor(sources: readonly RecordedSource[]): string {
  const uid = process.geteuid?.() ?? 0;
  const reals = sources.map(({ real }) => real).sort();
  const text = JSON.stringify([uid, ...reals]);
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

/** The paths of all records; none where the folder cannot be read. */
export function recordsIn(folder: string): string[] {
  return pathsIn(folder).filter((path) => RECORD_NAME.test(nameOf(path)));
}

/** The parts of the record at `path` that are of most use: those of the runs that got furthest. */
export function largestParts(path: string): string[] {
  const parts = partsOf(path).map((part) => ({ part, size: sizeOf(part) }));
  parts.sort((a, b) => b.size - a.size);
  return parts.slice(0, MAX_PARTS).map(({ part }) => part);
}

/** Bytes; 0 of what is gone. */
function sizeOf(path: string): number {
  let size = 0;
  bestEffort(() => {
    size = fs.lstatSync(path).size;
  });
  return size;
}

/** The parts of the record at `path`. */
function partsOf(path: string): string[] {
  return pathsIn(dirname(path)).filter((other) => other.startsWith(`${path}${PART}`));
}

/** Records of sources that lie in ours, or in which ours lie: the newest first. */
export function overlapping(
  paths: readonly string[],
  sources: readonly RecordedSource[],
  ops: FileOps,
): string[] {
  const found: { path: string; begun: number }[] = [];
  for (const path of paths) {
    try {
      const { fd, head } = openRecord(path, ops);
      ops.closeSync(fd);
      if (head.sources.some((source) => sources.some((own) => overlap(source, own))))
        found.push({ path, begun: head.begun });
    } catch (error) {
      if (!isFailure(error)) throw error;
    }
  }
  found.sort((a, b) => b.begun - a.begun);
  return found.slice(0, MAX_OTHERS).map(({ path }) => path);
}

/**
 * Removes the parts of the record at `path`, which has all that they knew: those that this run has
 * locked, and those of dead ones.
 */
export function removeParts(
  path: string,
  held: ReadonlySet<string>,
  { libc, ops }: { readonly libc: Libc; readonly ops: FileOps },
): void {
  for (const part of partsOf(path))
    bestEffort(() => {
      if (held.has(part) || isDead(part, libc, ops)) removeFile(ops, part);
    });
}

/** Removes what nobody has written for 90 days. */
export function removeUnused(folder: string, ops: FileOps): void {
  const before = Date.now() - MAX_UNUSED_MS;
  for (const path of pathsIn(folder))
    bestEffort(() => {
      if (fs.lstatSync(path).mtimeMs < before) removeFile(ops, path);
    });
}

function pathsIn(folder: string): string[] {
  try {
    return namesIn(folder)
      .filter((name) => RECORD_NAME.test(name) || PART_NAME.test(name))
      .map((name) => join(folder, name));
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return [];
  }
}

/** The run that writes a part has come to its end. */
function isDead(path: string, libc: Libc, ops: FileOps): boolean {
  const fd = ops.openSync(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK);
  try {
    return tryDeadLock(libc, fd);
  } finally {
    ops.closeSync(fd);
  }
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function overlap(a: RecordedSource, b: RecordedSource): boolean {
  const isSame = a.inode !== 0 && a.device === b.device && a.inode === b.inode;
  return isSame || isIn(a.real, b.real) || isIn(b.real, a.real);
}

function isIn(path: string, directory: string): boolean {
  const prefix = directory.endsWith('/') ? directory : `${directory}/`;
  return path === directory || path.startsWith(prefix);
}
