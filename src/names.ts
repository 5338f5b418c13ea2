/**
 * Names as strings that turn back into the exact bytes.
 *
 * On Linux a name is bytes without `/` and NUL; a string is what fast-glob, the snapshot and the
 * reports work with. A byte that is not part of valid UTF-8 becomes the lone surrogate
 * U+DC00 + byte, as Python's surrogateescape does (PEP 383). So do the bytes of newline, carriage
 * return, backslash, U+2028 and U+2029, which are valid but which fast-glob drops or alters.
 * Text decoded from UTF-8 never holds a lone surrogate, so no two names share an escaped form.
 */
import { isUtf8 } from 'node:buffer';
import fs from 'node:fs';

const TRAPS = /[\n\r\\\u2028\u2029]/;
const NEVER = /(?!)/;
const NOT_PLAIN = /[\n\r\\\u0080-\u00ff]/;
const ESCAPES = /[\udc00-\udcff]+/gu;
const ESCAPE_BASE = 0xdc00;

/** The escaped form of a name or path. */
export function escapeName(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (isUtf8(buffer)) {
    const text = buffer.toString('utf8');
    if (!TRAPS.test(text)) return text;
  }
  return escapeSequences(buffer, TRAPS);
}

/** Text in which only what is not UTF-8 is escaped, as Python's os.fsdecode gives it. */
export function surrogateEscaped(bytes: Buffer): string {
  return isUtf8(bytes) ? bytes.toString('utf8') : escapeSequences(bytes, NEVER);
}

/** As escapeName, for bytes that came decoded as latin1, which costs nothing for plain ASCII. */
export function escapeLatin1Name(latin1: string): string {
  return NOT_PLAIN.test(latin1) ? escapeName(Buffer.from(latin1, 'latin1')) : latin1;
}

/** The exact bytes of an escaped name or path. */
export function toBytes(path: string): Buffer {
  if (path.isWellFormed()) return Buffer.from(path);
  const parts: Buffer[] = [];
  let from = 0;
  for (const { 0: run, index } of path.matchAll(ESCAPES)) {
    parts.push(Buffer.from(path.slice(from, index)));
    parts.push(Buffer.from(Array.from(run, (unit) => unit.charCodeAt(0) - ESCAPE_BASE)));
    from = index + run.length;
  }
  parts.push(Buffer.from(path.slice(from)));
  return Buffer.concat(parts);
}

/** An escaped path as Node's fs takes it: itself, or its bytes when it holds an escape. */
export function toFsPath(path: string): string | Buffer {
  return path.isWellFormed() ? path : toBytes(path);
}

/** An entry's path: never with a double slash, not even in the root directory. */
export function joinPath(directory: string, name: string): string {
  return directory.endsWith('/') ? directory + name : `${directory}/${name}`;
}

/** Escapes what is not UTF-8 and the characters that match `traps`. */
function escapeSequences(bytes: Buffer, traps: RegExp): string {
  let out = '';
  for (let at = 0; at < bytes.length; ) {
    const end = at + sequenceLength(bytes[at]!);
    const sequence = bytes.subarray(at, end);
    const text = end <= bytes.length && isUtf8(sequence) ? sequence.toString('utf8') : '';
    if (text !== '' && !traps.test(text)) {
      out += text;
      at = end;
    } else {
      const escaped = text === '' ? sequence.subarray(0, 1) : sequence;
      for (const byte of escaped) out += String.fromCharCode(ESCAPE_BASE + byte);
      at += escaped.length;
    }
  }
  return out;
}

/** How many bytes a UTF-8 sequence with this first byte has (RFC 3629). */
function sequenceLength(first: number): number {
  if (first < 0xc0) return 1;
  if (first < 0xe0) return 2;
  return first < 0xf0 ? 3 : 4;
}

/** The path with every symbolic link resolved. Throws what realpath(3) fails with. */
export function realPathOf(path: string): string {
  const found = nativeRealPath(path);
  if (typeof found !== 'string') return escapeName(found);
  if (!found.includes('\ufffd')) return escapeName(Buffer.from(found));
  throw Object.assign(new Error('EILSEQ: realpath'), { code: 'EILSEQ', syscall: 'realpath', path });
}

/**
 * Bytes. Under Yarn's Plug'n'Play, whose realpath takes the place of Node's, it is text in which
 * U+FFFD stands for the bytes that are not UTF-8.
 */
export function nativeRealPath(path: string): Buffer | string {
  return fs.realpathSync.native(toFsPath(path), { encoding: 'buffer' });
}
