/**
 * A segment: a run of consecutive entries (level 0, see entry-segment.ts), or of references to segments
 * of the level below. A line each, after a first line that says the level.
 */
import { isUtf8 } from 'node:buffer';
import { type Digest, digestOf } from '../digest.ts';
import { lengthsOf } from './cut.ts';
import { type Entry, keyOfEntry } from './entry.ts';
import { COUNT, STRING, sizeIn } from './entry-line.ts';
import {
  MAX_LEVEL,
  MAX_LINE_BYTES,
  MAX_NAME_BYTES,
  MAX_PATH_BYTES,
  MAX_SEGMENT_BYTES,
} from './limits.ts';
import { compareKeys } from './position.ts';
import { damagedSegment } from './refusals.ts';
import { byteLength, quoted, type Refuse, unquoted, whyNoName } from './text.ts';

/** What is said of a segment by the one above it, or of the root by the snapshot. */
export interface Root {
  readonly digest: Digest;
  readonly level: number;
  /** In it and in all segments below it. */
  readonly entries: number;
  /** Bytes of all their files. */
  readonly size: number;
}

export interface SegmentRef extends Root {
  /** In which its first entry lies, with a slash at the end; of the root the empty string. */
  readonly directory: string;
  /** The name of its first entry, of a directory with a slash at the end. */
  readonly first: string;
}

export function headOf(level: number): string {
  return `{"segment":1,"level":${level}}\n`;
}

/** The line of a segment, without a newline, after one that begins in the directory `before`. */
export function encodeRef(ref: SegmentRef, before: string): string {
  const { up, down } = wayBetween(before, ref.directory);
  const leave = up === 0 ? '' : `"up":${up},`;
  const enter = down.length === 0 ? '' : `"in":[${down.map(quoted).join(',')}],`;
  const first = `"first":${quoted(ref.first)}`;
  const sums = `"entries":${ref.entries},"size":"${ref.size}"`;
  return `{${leave}${enter}${first},${sums},"sha256":"${ref.digest}"}`;
}

/** How many directories to leave and which to enter. */
function wayBetween(from: string, to: string): { up: number; down: string[] } {
  let shared = 0;
  for (let at = 0; at < from.length && from.charCodeAt(at) === to.charCodeAt(at); at++)
    if (from.charCodeAt(at) === SLASH) shared = at + 1;
  return { up: namesOf(from, shared).length, down: namesOf(to, shared) };
}

const SLASH = 0x2f;

function namesOf(directory: string, from: number): string[] {
  return directory.length === from ? [] : directory.slice(from, -1).split('/');
}

/** The lines of a segment of a higher level, which begins in a directory. */
export function decodeRefs(bytes: Uint8Array, of: Root, directory: string): SegmentRef[] {
  const refuse = refusalOf(of);
  const refs: SegmentRef[] = [];
  let entries = 0;
  let size = 0;
  for (const line of linesOf(bytes, of, refuse)) {
    const ref = decodeRef(line, refs.at(-1)?.directory ?? directory, of.level - 1, refuse);
    if (refs.length === 0 && ref.directory !== directory) refuse('its first line leads elsewhere');
    if (refs.length > 0 && compareKeys(keyOfRef(refs.at(-1)!), keyOfRef(ref)) >= 0)
      refuse('segments are out of order');
    entries += ref.entries;
    size += ref.size;
    refs.push(ref);
  }
  requireSums(of, entries, size, refuse);
  return refs;
}

export function keyOfRef({ directory, first }: SegmentRef): string {
  return directory + first;
}

export function keyOfItem(item: SegmentRef | Entry): string {
  return isRef(item) ? keyOfRef(item) : keyOfEntry(item);
}

export function isRef(item: object): item is SegmentRef {
  return 'level' in item;
}

const IN = '(?:"in":(\\[[^\\n]*?"\\]),)?';
const REF = new RegExp(
  `^\\{(?:"up":([1-9]\\d{0,4}),)?${IN}"first":${STRING},"entries":${COUNT},"size":"${COUNT}","sha256":"([0-9a-f]{64})"\\}$`,
);

function decodeRef(line: string, before: string, level: number, refuse: Refuse): SegmentRef {
  const found = REF.exec(line);
  if (found === null) return refuse('a line is no reference to a segment as it must be written');
  const [, up, down, first, entries, size, digest] = found;
  const ref: SegmentRef = {
    digest: digest as Digest,
    level,
    entries: sizeIn(entries!, refuse),
    size: sizeIn(size!, refuse),
    directory: directoryAfter(before, Number(up ?? 0), down, refuse),
    first: unquoted(first!, refuse),
  };
  const name = ref.first.endsWith('/') ? ref.first.slice(0, -1) : ref.first;
  const isRoot = ref.first === '' && ref.directory === '';
  const why = isRoot ? undefined : whyNoName(name, MAX_NAME_BYTES);
  if (why !== undefined) refuse(why);
  if (ref.entries === 0) refuse('a segment below the root is said to be empty');
  const isNear = up === undefined && down === undefined;
  if (!isNear && encodeRef(ref, before) !== line) refuse('a line is not written as it must be');
  return ref;
}

function directoryAfter(
  before: string,
  up: number,
  down: string | undefined,
  refuse: Refuse,
): string {
  let end = before.length;
  for (let level = 0; level < up; level++) {
    if (end <= 0) return refuse('a path leads out of the tree');
    end = before.lastIndexOf('/', end - 2) + 1;
  }
  const names = down === undefined ? [] : namesIn(down, refuse);
  const directory = before.slice(0, end) + names.map((name) => `${name}/`).join('');
  if (3 * directory.length > MAX_PATH_BYTES && byteLength(directory) > MAX_PATH_BYTES)
    return refuse(`a path is longer than ${MAX_PATH_BYTES} bytes`);
  return directory;
}

function namesIn(json: string, refuse: Refuse): string[] {
  const names = [...json.matchAll(EACH_STRING)].map(([, body]) => unquoted(body!, refuse));
  for (const name of names) {
    const why = whyNoName(name, MAX_NAME_BYTES);
    if (why !== undefined) refuse(why);
  }
  return names;
}

const EACH_STRING = new RegExp(STRING, 'g');

export function refusalOf({ digest }: Root): Refuse {
  return (why) => {
    throw damagedSegment(digest, why);
  };
}

/** All lines but the first. */
export function linesOf(
  bytes: Uint8Array,
  { digest, level, entries }: Root,
  refuse: Refuse,
): string[] {
  if (bytes.length > MAX_SEGMENT_BYTES) refuse(`it is longer than ${MAX_SEGMENT_BYTES} bytes`);
  if (level > MAX_LEVEL) refuse(`it is above level ${MAX_LEVEL}`);
  if (digestOf(bytes) !== digest) refuse('its bytes have another digest');
  if (!isUtf8(bytes)) refuse('it is not UTF-8');
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  const head = headOf(level);
  if (!text.startsWith(head)) refuse(whyOtherHead(text, level));
  if (!text.endsWith('\n')) refuse('its last line has no end');
  const { most } = lengthsOf(level);
  const lines = text.slice(head.length, -1).split('\n', most + 1);
  if (text.length === head.length) lines.pop();
  if (lines.length > most) refuse(`it has more than ${most} lines`);
  if (lines.some(isTooLong)) refuse(`a line is longer than ${MAX_LINE_BYTES} bytes`);
  if (lines.length === 0 && (level > 0 || entries > 0)) refuse('it is empty');
  return lines;
}

export function isTooLong(line: string): boolean {
  return 3 * line.length > MAX_LINE_BYTES && Buffer.byteLength(line) > MAX_LINE_BYTES;
}

function whyOtherHead(text: string, level: number): string {
  const version = /^\{"segment":(\d{1,9}),/.exec(text)?.[1];
  if (version === undefined) return 'it does not begin as a segment';
  if (version !== '1') return `its format ${version} is newer than this ingot`;
  return `it is not of level ${level}`;
}

export function requireSums(of: Root, entries: number, size: number, refuse: Refuse): void {
  if (entries !== of.entries) refuse(`it has ${entries} entries, not ${of.entries}`);
  if (size !== of.size) refuse(`its files have ${size} bytes, not ${of.size}`);
}
