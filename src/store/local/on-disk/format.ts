import fs from 'node:fs';
import { dirname, join } from 'node:path';
import {
  errnoOf,
  failed,
  hasErrno,
  IngotError,
  isIngotError,
  UsageError,
} from '../../../errors.ts';
import { diskFullHint } from '../../../files/disk-full.ts';
import {
  type FileOps,
  flushDirectory,
  nodeFileOps,
  type StoreFd,
  writeFully,
} from '../../../files/file-ops.ts';
import { LockedTemp } from '../../../files/locked-temp.ts';
import { grant } from '../../../files/rights.ts';
import { numberOf } from '../../../native/descriptor.ts';
import type { Libc } from '../../../native/libc.ts';
import { LAYOUTS, type Layout } from '../../choices.ts';
import { denialIn } from './denial.ts';
import { SHARDS } from './layout.ts';
import { readSmallFile, requireNoLink } from './metadata-file.ts';
import { storeRights } from './sharing.ts';

export const METADATA = '.ingot';
export const FORMAT = 1;
const NOT_A_STORE = 'INGOT_NOT_A_STORE';

/** Where a store says what it is. */
export function formatPath(root: string): string {
  return join(root, METADATA, 'store.json');
}

/** Far more than any format needs: what is larger is no store.json. */
const MAX_FORMAT_BYTES = 64 << 10;

/** What `.ingot/store.json` says. */
export interface StoreFormat {
  readonly format: typeof FORMAT;
  readonly layout: Layout;
  /** Set while a relayout runs: the layout in which objects may still lie. */
  readonly movingFrom?: Layout;
}

/**
 * Reads a store's format. Undefined when `root` is not there, is an empty directory, or is one
 * whose creation a crash cut short. Throws when it is anything else than a store we know.
 */
export function readFormat(root: string): StoreFormat | undefined {
  const path = formatPath(root);
  let text: string;
  try {
    requireNoLink(join(root, METADATA));
    text = readSmallFile(path, MAX_FORMAT_BYTES);
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return checkEmpty(root);
    throw cannotOpen(root, error);
  }
  return parseFormat(text, path);
}

/**
 * Reads the format of a store that has to be there. Throws INGOT_NO_STORE when it is not, and
 * INGOT_NOT_A_STORE when something else is.
 */
export function requireFormat(root: string): StoreFormat {
  let format: StoreFormat | undefined;
  try {
    format = readFormat(root);
  } catch (error) {
    throw isIngotError(error) && error.code === NOT_A_STORE ? withoutNewPlaces(error) : error;
  }
  if (format !== undefined) return format;
  throw new IngotError({
    what: 'no store here',
    code: 'INGOT_NO_STORE',
    path: root,
    why: 'there is no .ingot/store.json',
    hint: "check the path; 'ingot ingest' and 'ingot put' create a store",
  });
}

/** Throws a UsageError when a layout was asked for that is not the existing store's. */
export function checkLayout(root: string, format: StoreFormat, wanted: Layout | undefined): void {
  if (wanted === undefined || wanted === format.layout) return;
  throw new UsageError({
    what: 'cannot change the layout of an existing store',
    code: 'INGOT_LAYOUT',
    path: root,
    why: `it is ${format.layout}`,
    hint: `run 'ingot relayout --to ${wanted}'`,
  });
}

/** Checks a store.json's text. Throws an IngotError on one that is malformed or newer. */
export function parseFormat(text: string, path: string): StoreFormat {
  const broken = (why: string) =>
    new IngotError({
      what: 'the store cannot be opened',
      code: 'INGOT_BAD_FORMAT',
      path,
      why,
      hint: 'nothing was touched; restore this file from a backup',
    });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw broken('not valid JSON');
  }
  if (typeof value !== 'object' || value === null) throw broken('not a JSON object');
  const { format, layout, movingFrom } = value as Record<string, unknown>;
  if (typeof format !== 'number' || !Number.isInteger(format) || format < 1)
    throw broken('no format number');
  if (format > FORMAT)
    throw new IngotError({
      what: 'the store cannot be opened',
      code: 'INGOT_NEWER_FORMAT',
      path,
      why: `it has format ${format}, this ingot knows ${FORMAT}`,
      hint: 'nothing was touched; use a newer ingot',
    });
  if (!LAYOUTS.includes(layout as Layout)) throw broken('unknown layout');
  if (movingFrom === undefined) return { format: FORMAT, layout: layout as Layout };
  if (!LAYOUTS.includes(movingFrom as Layout)) throw broken('unknown layout in movingFrom');
  return { format: FORMAT, layout: layout as Layout, movingFrom: movingFrom as Layout };
}

/**
 * Replaces store.json in one step, or makes it if it is not there yet; durable on return. With
 * `libc` its temp shows that it is in use: what a kill leaves is swept by the next writer.
 */
export function writeFormat(
  root: string,
  format: StoreFormat,
  how: 'replace' | 'if missing',
  ops: FileOps = nodeFileOps,
  libc?: Libc,
): void {
  const path = formatPath(root);
  const rights = storeRights(root).file;
  const temp = LockedTemp.open(path, rights.mode, libc, ops);
  try {
    grant(temp.fd, rights, ops);
    writeFully(ops, temp.fd, Buffer.from(`${JSON.stringify(format)}\n`));
    if (how === 'replace') keepOwner(path, temp.fd, ops);
    ops.fsyncSync(temp.fd);
    if (how === 'replace') ops.renameSync(temp.path, path);
    else linkIfMissing(temp.path, path, ops);
  } finally {
    temp.close();
  }
  flushDirectory(ops, dirname(path));
}

/** Who could read store.json can still read it after a relayout, whoever runs that. */
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

/**
 * Begins the name of the folder in which a doctor or selftest works where no store is yet. It is
 * also how a writer's folder begins, so the first open of a store sweeps what a killed one left.
 */
export const PROBE_PREFIX = '.tmp-ingot-probe-';

/** Entries that do not make a directory somebody's own: a cut-off creation, a fresh ext4. */
const IGNORED = new Set([METADATA, 'lost+found']);

/** Nothing was found at `root`: a store can be made there, but not by way of a link. */
function requireNothing(root: string): undefined {
  if (!fs.lstatSync(root, { throwIfNoEntry: false })?.isSymbolicLink()) return undefined;
  throw notAStore(root, 'it is a link that leads nowhere');
}

function checkEmpty(root: string): undefined {
  let names: string[];
  try {
    names = fs.readdirSync(root);
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return requireNothing(root);
    throw cannotOpen(root, error);
  }
  const isCutOff = names.includes(METADATA);
  const foreign = names.find(
    (name) =>
      !IGNORED.has(name) &&
      !name.startsWith(PROBE_PREFIX) &&
      !(isCutOff && isEmptyShard(root, name)),
  );
  if (foreign !== undefined)
    throw notAStore(root, 'the directory is not empty and has no .ingot/store.json');
  return undefined;
}

function isEmptyShard(root: string, name: string): boolean {
  return SHARDS.includes(name) && fs.readdirSync(join(root, name)).length === 0;
}

function cannotOpen(root: string, error: unknown): Error {
  if (hasErrno(error, 'ENOTDIR')) return notAStore(root, 'it is a file, or below one');
  const hint = diskFullHint(error, root);
  return failed('cannot open the store', error, { path: root, hint, ...denialIn(root, error) });
}

function notAStore(root: string, why: string): IngotError {
  return new IngotError({
    what: 'not a store',
    code: NOT_A_STORE,
    path: root,
    why,
    hint: 'nothing was touched; name an existing store, an empty directory or a new path',
  });
}

/** Who needs a store that is there has no use for a place where one could be made. */
function withoutNewPlaces(error: IngotError): IngotError {
  const hint = 'nothing was touched; name an existing store';
  return new IngotError({ ...error.toFailure(), hint }, error);
}
