/**
 * Where segments end: by what their last line says, so that a change leaves the ends of all others
 * where they are. Neither times nor the names of directories above count, so that a directory that
 * is renamed keeps its segments.
 */
import type { Digest } from '../digest.ts';
import { toBytes } from '../names.ts';

/** Of a level: how many lines its segments have. */
export interface Lengths {
  /** A segment ends nowhere before. */
  readonly least: number;
  /** It ends here at the latest. */
  readonly most: number;
  /** What each line beyond the least adds to the odds of an end, of 2^32. */
  readonly step: number;
}

/** Mean 384 lines. */
const ENTRIES: Lengths = { least: 192, most: 1152, step: 180_000 };
/** Mean 128 lines: a change rewrites one segment on every level. */
const SEGMENTS: Lengths = { least: 64, most: 384, step: 1_600_000 };

export function lengthsOf(level: number): Lengths {
  return level === 0 ? ENTRIES : SEGMENTS;
}

/** True where a segment ends after its `lines`th line. `hash` is that line's. */
export function isEnd({ least, most, step }: Lengths, lines: number, hash: number): boolean {
  return lines >= most || (lines > least && hash < (lines - least) * step);
}

/** 32 bits of a name and of what it stands for: a digest, the target of a link, or nothing. */
export function hashOfLine(name: string, digest: Digest | undefined, target = ''): number {
  const hash = mixed(fnv(target, fnv(name, FNV_BASIS)));
  return digest === undefined ? hash : (hash ^ Number.parseInt(digest.slice(0, 8), 16)) >>> 0;
}

const FNV_BASIS = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** FNV-1a over the bytes of a name and a NUL. */
function fnv(name: string, basis: number): number {
  let hash = basis;
  for (let at = 0; at < name.length; at++) {
    const unit = name.charCodeAt(at);
    if (unit > 0x7f) return fnvOfBytes(toBytes(name), basis);
    hash = Math.imul(hash ^ unit, FNV_PRIME);
  }
  return Math.imul(hash, FNV_PRIME);
}

function fnvOfBytes(bytes: Uint8Array, basis: number): number {
  let hash = basis;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, FNV_PRIME);
  return Math.imul(hash, FNV_PRIME);
}

/** The end of MurmurHash3: each bit of the hash counts for each bit of the result. */
function mixed(hash: number): number {
  let bits = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
