/**
 * Where an output goes, and how it gets there: by a rename, or, where none is possible, by a copy in
 * place. Both need something of the place, which is looked at before long work that would end in a
 * refusal. Paths are in the escaped form of names.ts.
 */
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname } from 'node:path';
import { asError, bestEffort, errnoOf, hasErrno, IngotError, UsageError } from '../errors.ts';
import { escapeName, realPathOf, toBytes, toFsPath } from '../names.ts';
import { attributesAt } from '../native/file-attributes.ts';
import type { Libc } from '../native/libc.ts';
import { holdersOf } from './file-identity.ts';
import { nodeFileOps } from './file-ops.ts';
import { TEMP_NAME_BYTES } from './locked-temp.ts';
import { descriptorOf, requireGiven } from './standard-streams.ts';
import { openUnlinked } from './unlinked-temp.ts';

export interface OutputPlace {
  /** The target with links followed: a rename would replace a link instead of what it points to. */
  readonly path: string;
  /** What is there: a file, or a fifo, a device or the like. */
  readonly there: fs.Stats | undefined;
  /** Why no rename can give a file this name; undefined where nothing is known to be in the way. */
  readonly obstacle: Error | undefined;
}

/** Throws an IngotError when no file can have this name, and what the calls fail with. */
export function outputPlace(target: string, libc: Libc | undefined): OutputPlace {
  if (target === '') throw refused(target, 'ENOENT', 'its path is empty', 'name a file');
  const there = fs.statSync(toFsPath(target), { throwIfNoEntry: false });
  if (there?.isDirectory())
    throw refused(target, 'EISDIR', 'it is a directory', 'name a file in it');
  if (target.endsWith('/'))
    throw refused(target, 'EISDIR', 'it ends with a slash, as a directory', 'name a file in it');
  const isLink = fs.lstatSync(toFsPath(target), { throwIfNoEntry: false })?.isSymbolicLink();
  if (isLink && there === undefined)
    throw refused(target, 'ENOENT', 'it is a link that leads nowhere', 'remove it first');
  const path = isLink ? realPathOf(target) : target;
  const isSpecial = there !== undefined && !there.isFile();
  return { path, there, obstacle: isSpecial ? undefined : renameObstacle(path, there, libc) };
}

/**
 * Throws when no file can be written at the target, so that long work need not end in that, and
 * when it lies in the store, whose files only the store writes.
 */
export function checkOutput(
  target: string,
  store: string | undefined,
  libc: Libc | undefined,
): void {
  const descriptor = descriptorOf(target);
  if (descriptor !== undefined) checkDescriptor(target, descriptor, store);
  else checkPlace(target, outputPlace(target, libc), store);
}

function checkPlace(
  target: string,
  { path, there, obstacle }: OutputPlace,
  store: string | undefined,
): void {
  if (there !== undefined && !there.isFile()) checkSpecial(target, there);
  else {
    if (store !== undefined) refuseWithin(store, dirname(path), target);
    if (obstacle !== undefined) requireInPlace(path, there);
  }
}

function checkDescriptor(target: string, descriptor: number, store: string | undefined): void {
  requireGiven(target);
  // Fails where it is not open, or only for reading.
  fs.writeSync(descriptor, Buffer.alloc(0));
  const open = pathOfOpen(descriptor);
  if (open !== undefined && store !== undefined) refuseWithin(store, dirname(open), target);
}

/** Not by opening it, which a fifo's reader would take for the beginning. */
function checkSpecial(target: string, there: fs.Stats): void {
  if (there.isSocket()) throw refused(target, 'ENXIO', 'it is a socket', 'name a file');
  fs.accessSync(toFsPath(target), fs.constants.W_OK);
}

/** Throws when nothing can be written here without a rename either. */
function requireInPlace(path: string, there: fs.Stats | undefined): void {
  const obstacle = there === undefined ? folderObstacle(path) : writeObstacle(path);
  if (hasErrno(obstacle, 'EPERM')) throw refused(path, 'EPERM', undefined, LSATTR);
  if (obstacle !== undefined) throw obstacle;
  // What is copied there at the end has to be somewhere until then.
  try {
    nodeFileOps.closeSync(openUnlinked(nodeFileOps));
  } catch (error) {
    throw Object.assign(asError(error), { path: tmpdir() });
  }
}

const LSATTR =
  'lsattr shows whether chattr has made it, or its directory, immutable or append-only';

/** Why no rename can put a file at a path; undefined where nothing is known to be in the way. */
function renameObstacle(
  path: string,
  there: fs.Stats | undefined,
  libc: Libc | undefined,
): Error | undefined {
  const folder = dirname(path);
  const obstacle = folderObstacle(path);
  if (obstacle !== undefined) return obstacle;
  if (toBytes(folder).length + 1 + TEMP_NAME_BYTES > MAX_PATH_BYTES) return errorOf('ENAMETOOLONG');
  if (attributesAt(toFsPath(folder), libc?.statx).appendOnly) return errorOf('EPERM');
  if (there === undefined) return undefined;
  if (attributesAt(toFsPath(path), libc?.statx).mountRoot) return errorOf('EBUSY');
  // A file that may not be written to can be replaced; one that is immutable cannot.
  const write = writeObstacle(path);
  if (hasErrno(write, 'EPERM')) return write;
  return isKeptBySticky(fs.statSync(toFsPath(folder)), there) ? errorOf('EPERM') : undefined;
}

/** PATH_MAX of Linux, less the NUL byte at its end. */
const MAX_PATH_BYTES = 4095;

/** In a sticky directory only the owner of a file, or of the directory, takes its name away. */
function isKeptBySticky(folder: fs.Stats, { uid }: fs.Stats): boolean {
  const me = process.geteuid?.() ?? 0;
  return (folder.mode & S_ISVTX) !== 0 && me !== uid && me !== folder.uid && !mayActAsOwner(me);
}

const S_ISVTX = 0o1000;
const CAP_FOWNER = 3n;

/** By the capability, which root in a container may lack; by the user where /proc is not mounted. */
function mayActAsOwner(me: number): boolean {
  let status = '';
  bestEffort(() => {
    status = fs.readFileSync('/proc/self/status', 'latin1');
  });
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1];
  if (effective === undefined) return me === 0;
  return ((BigInt(`0x${effective}`) >> CAP_FOWNER) & 1n) === 1n;
}

/** What making a file in the folder of a path would fail with. */
function folderObstacle(path: string): Error | undefined {
  const { W_OK, X_OK } = fs.constants;
  return obstacleOf(() => fs.accessSync(toFsPath(dirname(path)), W_OK | X_OK));
}

/** What writing to a file would fail with. It keeps its bytes. */
function writeObstacle(path: string): Error | undefined {
  const { O_WRONLY, O_NONBLOCK } = fs.constants;
  return obstacleOf(() => fs.closeSync(fs.openSync(toFsPath(path), O_WRONLY | O_NONBLOCK)));
}

function obstacleOf(step: () => void): Error | undefined {
  try {
    step();
    return undefined;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return asError(error);
  }
}

function errorOf(code: string): Error {
  return Object.assign(new Error(`${code}: rename`), { code, syscall: 'rename' });
}

/**
 * Throws a UsageError when the folder lies in the store, whose files only the store writes. A store
 * that is not there yet holds nothing.
 */
export function refuseWithin(store: string, folder: string, target: string): void {
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

function refused(path: string, code: string, why: string | undefined, hint: string): IngotError {
  return new IngotError({ what: 'cannot write a file', code, path, why, hint });
}
