import { toBytes } from '../../../names.ts';

const NOT_ASCII = /[^\0-\x7f]/;

/** The high byte of U+DC00, from where the other characters cannot be mistaken for white space. */
const ESCAPE = 0xdc;

/**
 * A name or a pattern with one character for each byte, so that `?` and `[!a]` take one byte, as in
 * git. ASCII stands for itself, and so ranges and classes such as `[[:space:]]` hold.
 */
export function toMatchable(escaped: string): string {
  if (!NOT_ASCII.test(escaped)) return escaped;
  const bytes = toBytes(escaped);
  const units = Buffer.allocUnsafe(2 * bytes.length);
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!;
    units[2 * at] = byte;
    units[2 * at + 1] = byte >= 0x80 ? ESCAPE : 0;
  }
  return units.toString('utf16le');
}
