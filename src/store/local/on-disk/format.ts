import fs from 'node:fs';
import { join } from 'node:path';
import { failed, hasErrno, IngotError, isIngotError, UsageError } from '../../../errors.ts';
import { diskFullHint } from '../../../files/disk-full.ts';
import { type FileOps, nodeFileOps } from '../../../files/file-ops.ts';
import type { Libc } from '../../../native/libc.ts';
import { LAYOUTS, type Layout } from '../../choices.ts';
import { denialIn } from './denial.ts';
import { SHARDS } from './layout.ts';
import { isRandomId, readSmallFile, requireNoLink } from './metadata-file.ts';
import { storeRights } from './sharing.ts';
import { writeMetadata } from './write-metadata.ts';

export const METADATA = '.ingot';
/** The newest format of a store that this ingot knows. */
export const FORMAT = 2;
const NOT_A_STORE = 'INGOT_NOT_A_STORE';

/** Where a store says what it is. */
export function formatPath(root: string): string {
  return join(root, METADATA, 'store.json');
}

/** Far more than any format needs: what is larger is no store.json. */
const MAX_FORMAT_BYTES = 64 << 10;

/** What `.ingot/store.json` says. */
export interface StoreFormat {
  /** 2 from the first run on that records snapshots. */
  readonly format: 1 | 2;
  readonly layout: Layout;
  /** Set while a relayout runs: the layout in which objects may still lie. */
  readonly movingFrom?: Layout;
  /** Of format 2: its own, 32 hex characters. */
  readonly id?: string;
  /** Of format 2: when (ISO 8601) all writers were gone that know only format 1; unset until then. */
  readonly since?: string;
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
  const { format, layout, movingFrom, id, since } = value as Record<string, unknown>;
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
  if (movingFrom !== undefined && !LAYOUTS.includes(movingFrom as Layout))
    throw broken('unknown layout in movingFrom');
  const places = { layout, ...(movingFrom !== undefined && { movingFrom }) } as Places;
  if (format === 1) return { format, ...places };
  if (typeof id !== 'string' || !isRandomId(id)) throw broken('no store id');
  if (since === undefined) return { format: 2, ...places, id };
  if (typeof since !== 'string' || Number.isNaN(Date.parse(since)))
    throw broken('no time in since');
  return { format: 2, ...places, id, since };
}

type Places = Pick<StoreFormat, 'layout' | 'movingFrom'>;

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
  const text = `${JSON.stringify(format)}\n`;
  writeMetadata(formatPath(root), text, { how, rights: storeRights(root).file, ops, libc });
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
