/**
 * The lines of entries, without what says where they lie: `{` and `up` come before a body when it has
 * found its place. FORMAT.md lists the keys.
 */
import type { Digest } from '../digest.ts';
import { MAX_PATH_BYTES } from './limits.ts';
import { byteLength, quoted } from './text.ts';

/** What a file, a directory and a link say alike. */
export interface Owned {
  readonly uid: number;
  readonly gid: number;
  /** Of the last change of its content: seconds since 1970, below 0 before, and what goes beyond. */
  readonly modifiedSeconds: number;
  readonly modifiedNanoseconds: number;
}

export interface OwnedWithMode extends Owned {
  /** As in st_mode: its lower 12 bits count. */
  readonly mode: number;
}

/** Functions throw a RangeError for what no line can say. `xattrs` are encoded already. */
export function fileBody(
  name: string,
  owned: OwnedWithMode,
  { size, digest, xattrs = '' }: { size: number; digest: Digest; xattrs?: string | undefined },
): string {
  const content = `"size":"${checkedSize(size)}","sha256":"${digest}"`;
  return `"file":${quoted(name)},${modeOf(owned)},${ownersOf(owned)},${content}${xattrs}}`;
}

/** The root directory itself has no name. */
export function directoryBody(
  name: string,
  owned: OwnedWithMode,
  { lacks, xattrs = '' }: { lacks?: string | undefined; xattrs?: string | undefined } = {},
): string {
  const why = lacks === undefined ? '' : `,"lacks":"${checkedWord(lacks)}"`;
  return `"dir":${quoted(name)},${modeOf(owned)},${ownersOf(owned)}${why}${xattrs}}`;
}

export function linkBody(
  name: string,
  owned: Owned,
  { target, xattrs = '' }: { target: string; xattrs?: string | undefined },
): string {
  return `"link":${quoted(name)},${ownersOf(owned)},"target":${quoted(checkedTarget(target))}${xattrs}}`;
}

export function missingBody(name: string, why: string): string {
  return `"missing":${quoted(name)},"why":"${checkedWord(why)}"}`;
}

function modeOf({ mode }: OwnedWithMode): string {
  return `"mode":"${(mode & 0o7777).toString(8)}"`;
}

function ownersOf({ uid, gid, modifiedSeconds, modifiedNanoseconds }: Owned): string {
  const time = timeText(modifiedSeconds, modifiedNanoseconds);
  return `"uid":${checkedId(uid)},"gid":${checkedId(gid)},"mtime":"${time}"`;
}

/** Nanoseconds since 1970: more than a number can say. */
function timeText(seconds: number, nanoseconds: number): string {
  if (seconds > 0) return `${seconds}${`${BILLION + nanoseconds}`.slice(1)}`;
  return `${BigInt(seconds) * BigInt(BILLION) + BigInt(nanoseconds)}`;
}

const BILLION = 1_000_000_000;
const MAX_ID = 2 ** 32 - 1;

function checkedId(id: number): number {
  if (!(id >= 0 && id <= MAX_ID)) throw new RangeError(`owner ${id}`);
  return id;
}

function checkedSize(size: number): number {
  if (!Number.isSafeInteger(size) || size < 0) throw new RangeError(`size ${size}`);
  return size;
}

function checkedWord(word: string): string {
  if (!WHOLE_WORD.test(word)) throw new RangeError(`reason ${word}`);
  return word;
}

function checkedTarget(target: string): string {
  if (!isTarget(target)) throw new RangeError(`target ${target}`);
  return target;
}

/** Pattern of why something is missing. */
export const WORD = '[A-Za-z][A-Za-z0-9-]{0,31}';
/** Why something is missing. */
export const WHOLE_WORD = new RegExp(`^${WORD}$`);

/** True for what a link may lead to. */
export function isTarget(target: string): boolean {
  if (target === '' || target.includes('\0')) return false;
  return 3 * target.length <= MAX_PATH_BYTES || byteLength(target) <= MAX_PATH_BYTES;
}
