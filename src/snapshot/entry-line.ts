/** An entry as a line of JSON, of which each entry has exactly one: FORMAT.md lists the keys. */
import type { Digest } from '../digest.ts';
import type { Entry } from './entry.ts';
import { isTarget, WORD } from './entry-body.ts';
import type { Position } from './position.ts';
import { type Refuse, unquoted } from './text.ts';
import { parseXattrs } from './xattrs.ts';

/**
 * The entry of a line, and moves the position behind it. Refuses what a writer would not have put
 * there.
 */
export function decodeEntry(line: string, position: Position, refuse: Refuse): Entry {
  const place = (up: string | undefined, name: string, isDirectory = false) =>
    placed(position, Number(up ?? 0), unquoted(name, refuse), isDirectory, refuse);
  const owned = (uid: string, gid: string, mtime: string, xattrs: string | undefined) => ({
    uid: idIn(uid, refuse),
    gid: idIn(gid, refuse),
    mtime: BigInt(mtime),
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
const ID = '(0|[1-9]\\d{0,9})';
const UP = '(?:"up":([1-9]\\d{0,4}),)?';
const MODE = '"mode":"(0|[1-7][0-7]{0,3})"';
const OWNED = `"uid":${ID},"gid":${ID},"mtime":"(0|-?[1-9]\\d{0,27})"`;
const CONTENT = `"size":"${COUNT}","sha256":"([0-9a-f]{64})"(?:,"group":"([0-9a-f]{64})")?`;
const XATTRS = '(?:,"xattrs":(\\[[^\\n]*\\]))?';
const FILE = new RegExp(`^\\{${UP}"file":${STRING},${MODE},${OWNED},${CONTENT}${XATTRS}\\}$`);
const DIRECTORY = new RegExp(
  `^\\{${UP}"dir":${STRING},${MODE},${OWNED}(?:,"lacks":"(${WORD})")?${XATTRS}\\}$`,
);
const LINK = new RegExp(`^\\{${UP}"link":${STRING},${OWNED},"target":${STRING}${XATTRS}\\}$`);
const MISSING = new RegExp(`^\\{${UP}"missing":${STRING},"why":"(${WORD})"\\}$`);
const MAX_ID = 2 ** 32 - 1;

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

export function sizeIn(text: string, refuse: Refuse): number {
  const size = Number(text);
  return Number.isSafeInteger(size) ? size : refuse('a size or a count is above 2^53 - 1');
}

function targetIn(body: string, refuse: Refuse): string {
  const target = unquoted(body, refuse);
  return isTarget(target) ? target : refuse('the target of a link is empty, too long or has a NUL');
}
