/** An entry as a line of JSON, of which each entry has exactly one: FORMAT.md lists the keys. */
import type { Digest } from '../digest.ts';
import type { Entry, LinkEntry } from './entry.ts';
import { MAX_PATH_BYTES } from './limits.ts';
import type { Position } from './position.ts';
import { byteLength, quoted, type Refuse, unquoted } from './text.ts';
import { encodeXattrs, parseXattrs } from './xattrs.ts';

/**
 * The line, without a newline, of an entry whose name is given and that comes `up` directories above
 * the one that the entry before it has led to.
 */
export function encodeEntry(entry: Entry, name: string, up: number): string {
  const head = up === 0 ? '{' : `{"up":${up},`;
  if (entry.type === 'missing')
    return `${head}"missing":${quoted(name)},"why":"${checkedWord(entry.why)}"}`;
  const { uid, gid, mtime } = entry;
  const owned = `"uid":${checkedId(uid)},"gid":${checkedId(gid)},"mtime":"${checkedTime(mtime)}"`;
  const xattrs = entry.xattrs === undefined ? '}' : `${encodeXattrs(entry.xattrs)}}`;
  switch (entry.type) {
    case 'file': {
      const group = entry.group === undefined ? '' : `,"group":"${entry.group}"`;
      const content = `"size":"${checkedSize(entry.size)}","sha256":"${entry.digest}"${group}`;
      return `${head}"file":${quoted(name)},${modeOf(entry.mode)},${owned},${content}${xattrs}`;
    }
    case 'directory': {
      const lacks = entry.lacks === undefined ? '' : `,"lacks":"${checkedWord(entry.lacks)}"`;
      return `${head}"dir":${quoted(name)},${modeOf(entry.mode)},${owned}${lacks}${xattrs}`;
    }
    case 'link':
      return `${head}"link":${quoted(name)},${owned},"target":${quoted(checkedTarget(entry))}${xattrs}`;
  }
}

/**
 * The entry of a line, and moves the position behind it. Refuses what `encodeEntry` would not have
 * written there.
 */
export function decodeEntry(line: string, position: Position, refuse: Refuse): Entry {
  const place = (up: string | undefined, name: string, isDirectory = false) =>
    placed(position, Number(up ?? 0), unquoted(name, refuse), isDirectory, refuse);
  const owned = (uid: string, gid: string, mtime: string, xattrs: string | undefined) => ({
    uid: idIn(uid, refuse),
    gid: idIn(gid, refuse),
    mtime: timeIn(mtime, refuse),
    xattrs: xattrs === undefined ? undefined : parseXattrs(xattrs, refuse),
  });
  let found = FILE.exec(line);
  if (found !== null) {
    const [, up, name, octal, uid, gid, mtime, bytes, sha256, linked, xattrs] = found;
    const path = place(up, name!);
    const [mode, size] = [Number.parseInt(octal!, 8), sizeIn(bytes!, refuse)];
    const [digest, group] = [sha256 as Digest, linked as Digest | undefined];
    return { type: 'file', path, mode, size, digest, group, ...owned(uid!, gid!, mtime!, xattrs) };
  }
  found = DIRECTORY.exec(line);
  if (found !== null) {
    const [, up, name, octal, uid, gid, mtime, lacks, xattrs] = found;
    const path = place(up, name!, true);
    const mode = Number.parseInt(octal!, 8);
    return { type: 'directory', path, mode, lacks, ...owned(uid!, gid!, mtime!, xattrs) };
  }
  found = LINK.exec(line);
  if (found !== null) {
    const [, up, name, uid, gid, mtime, text, xattrs] = found;
    const path = place(up, name!);
    const target = targetIn(text!, refuse);
    return { type: 'link', path, target, ...owned(uid!, gid!, mtime!, xattrs) };
  }
  found = MISSING.exec(line);
  if (found === null) return refuse('a line is not an entry as it must be written');
  const [, up, name, why] = found;
  return { type: 'missing', path: place(up, name!), why: why! };
}

/** The pattern of the body of a JSON string, a group. */
export const STRING = '"([^"\\\\\\x00-\\x1f]*(?:\\\\.[^"\\\\\\x00-\\x1f]*)*)"';
export const COUNT = '(0|[1-9]\\d{0,15})';
const WORD = '[A-Za-z][A-Za-z0-9-]{0,31}';
const ID = '(0|[1-9]\\d{0,9})';
const UP = '(?:"up":([1-9]\\d{0,4}),)?';
const MODE = '"mode":"(0|[1-7][0-7]{0,3})"';
const OWNED = `"uid":${ID},"gid":${ID},"mtime":"(0|-?[1-9]\\d{0,18})"`;
const CONTENT = `"size":"${COUNT}","sha256":"([0-9a-f]{64})"(?:,"group":"([0-9a-f]{64})")?`;
const XATTRS = '(?:,"xattrs":(\\[[^\\n]*\\]))?';
const FILE = new RegExp(`^\\{${UP}"file":${STRING},${MODE},${OWNED},${CONTENT}${XATTRS}\\}$`);
const DIRECTORY = new RegExp(
  `^\\{${UP}"dir":${STRING},${MODE},${OWNED}(?:,"lacks":"(${WORD})")?${XATTRS}\\}$`,
);
const LINK = new RegExp(`^\\{${UP}"link":${STRING},${OWNED},"target":${STRING}${XATTRS}\\}$`);
const MISSING = new RegExp(`^\\{${UP}"missing":${STRING},"why":"(${WORD})"\\}$`);
/** Why something is missing. */
export const WHOLE_WORD = new RegExp(`^${WORD}$`);

const MAX_ID = 2 ** 32 - 1;
const MAX_TIME = 2n ** 63n - 1n;
const MAX_TIME_DIGITS = 19;

/** The path that a name leads to. */
function placed(
  position: Position,
  up: number,
  name: string,
  isDirectory: boolean,
  refuse: Refuse,
): string {
  const directory = position.directoryAbove(up);
  const why = position.pass(up, name, isDirectory);
  return why === undefined ? directory + name : refuse(why);
}

function idIn(text: string, refuse: Refuse): number {
  const id = Number(text);
  return id <= MAX_ID ? id : refuse('an owner is above 2^32 - 1');
}

function timeIn(text: string, refuse: Refuse): bigint {
  const time = BigInt(text);
  return text.length < MAX_TIME_DIGITS || isTime(time)
    ? time
    : refuse('a time has more than 64 bits');
}

export function sizeIn(text: string, refuse: Refuse): number {
  const size = Number(text);
  return Number.isSafeInteger(size) ? size : refuse('a size or a count is above 2^53 - 1');
}

function targetIn(body: string, refuse: Refuse): string {
  const target = unquoted(body, refuse);
  return isTarget(target) ? target : refuse('the target of a link is empty, too long or has a NUL');
}

function isTime(time: bigint): boolean {
  return time <= MAX_TIME && time >= -MAX_TIME - 1n;
}

function isTarget(target: string): boolean {
  if (target === '' || target.includes('\0')) return false;
  return 3 * target.length <= MAX_PATH_BYTES || byteLength(target) <= MAX_PATH_BYTES;
}

function modeOf(mode: number): string {
  if (!(mode >= 0 && mode <= 0o7777)) throw new RangeError(`mode ${mode}`);
  return `"mode":"${mode.toString(8)}"`;
}

function checkedId(id: number): number {
  if (!(id >= 0 && id <= MAX_ID)) throw new RangeError(`owner ${id}`);
  return id;
}

function checkedTime(time: bigint): bigint {
  if (!isTime(time)) throw new RangeError(`time ${time}`);
  return time;
}

function checkedSize(size: number): number {
  if (!Number.isSafeInteger(size) || size < 0) throw new RangeError(`size ${size}`);
  return size;
}

function checkedWord(word: string): string {
  if (!WHOLE_WORD.test(word)) throw new RangeError(`reason ${word}`);
  return word;
}

function checkedTarget({ path, target }: LinkEntry): string {
  if (!isTarget(target)) throw new RangeError(`target of ${path}`);
  return target;
}
