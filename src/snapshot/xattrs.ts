/** Extended attributes as JSON: pairs of a name and its value in base64, sorted by name. */
import type { Xattr } from './entry.ts';
import { MAX_XATTR_BYTES } from './limits.ts';
import { compareKeys } from './position.ts';
import { byteLength, quoted, type Refuse, unquoted } from './text.ts';

/** Those that a snapshot keeps. */
export function isKeptXattr(name: string): boolean {
  return KEPT.test(name) && !name.includes('\0') && byteLength(name) <= MAX_XATTR_NAME_BYTES;
}

const KEPT = /^(?:user\..+|security\.capability|system\.posix_acl_(?:access|default))$/s;
/** Of all of an entry, as JSON: the rest of its line is shorter than what is left. */
const MAX_XATTRS_BYTES = 400_000;
/** XATTR_NAME_MAX. */
const MAX_XATTR_NAME_BYTES = 255;

/** With the comma before it; nothing for none. Throws a RangeError for what would be refused. */
export function encodeXattrs(xattrs: readonly Xattr[]): string {
  if (xattrs.length === 0) return '';
  const why = whyNoXattrs(xattrs);
  if (why !== undefined) throw new RangeError(why);
  return `,"xattrs":[${xattrs.map(pairOf).join(',')}]`;
}

/** The same of any, in any order; undefined for more than a line has room for. */
export function xattrsText(xattrs: readonly Xattr[]): string | undefined {
  const text = encodeXattrs([...xattrs].sort((a, b) => compareKeys(a.name, b.name)));
  return 3 * text.length > MAX_XATTRS_BYTES && Buffer.byteLength(text) > MAX_XATTRS_BYTES
    ? undefined
    : text;
}

/** Of the JSON array. Refuses what `encodeXattrs` does not write. */
export function parseXattrs(text: string, refuse: Refuse): readonly Xattr[] {
  const xattrs: Xattr[] = [];
  const pair = new RegExp(PAIR, 'y');
  for (let at = 1; at < text.length; at = pair.lastIndex) {
    pair.lastIndex = at;
    const found = pair.exec(text);
    if (found === null) return refuse('extended attributes are not written as they must be');
    xattrs.push({ name: unquoted(found[1]!, refuse), value: Buffer.from(found[2]!, 'base64') });
  }
  const why = whyNoXattrs(xattrs);
  if (why !== undefined) return refuse(why);
  if (`[${xattrs.map(pairOf).join(',')}]` !== text)
    return refuse('extended attributes are not written as they must be');
  return xattrs;
}

const PAIR = /\["([^"\\]*(?:\\.[^"\\]*)*)","([0-9A-Za-z+/=]*)"\][,\]]/;

function pairOf({ name, value }: Xattr): string {
  const { buffer, byteOffset, byteLength: length } = value;
  return `[${quoted(name)},"${Buffer.from(buffer, byteOffset, length).toString('base64')}"]`;
}

function whyNoXattrs(xattrs: readonly Xattr[]): string | undefined {
  for (const [index, { name, value }] of xattrs.entries()) {
    if (!isKeptXattr(name)) return 'an extended attribute is of none of the kinds that are kept';
    if (value.length > MAX_XATTR_BYTES) return 'an extended attribute is too large';
    if (index > 0 && compareKeys(xattrs[index - 1]!.name, name) >= 0)
      return 'extended attributes are out of order, or one comes twice';
  }
  return undefined;
}
