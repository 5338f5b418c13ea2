/**
 * Records of a pax extended header (POSIX.1-2008, pax): `LENGTH KEY=VALUE\n`, where the length counts
 * all of the record, its own digits too. Keys and values are bytes.
 */

export function paxRecord(key: string | Buffer, value: Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(' '), Buffer.from(key), EQUALS, value, NEWLINE]);
  let length = rest.length + 1;
  while (`${length}`.length + rest.length !== length) length = `${length}`.length + rest.length;
  return Buffer.concat([Buffer.from(`${length}`), rest]);
}

const EQUALS = Buffer.from('=');
const NEWLINE = Buffer.from('\n');

/** The body of an extended header; `binary`: one of its names is not UTF-8. */
export function paxBody(records: readonly Buffer[], binary: boolean): Buffer {
  if (!binary) return Buffer.concat(records);
  return Buffer.concat([paxRecord('hdrcharset', Buffer.from('BINARY')), ...records]);
}

/** The key of an extended attribute, in which GNU tar escapes these two. */
export function xattrKey(name: Buffer): Buffer {
  const escaped = name
    .toString('latin1')
    .replace(/[%=]/g, (char) => (char === '%' ? '%25' : '%3D'));
  return Buffer.from(`SCHILY.xattr.${escaped}`, 'latin1');
}
