/**
 * The digests in a segment, found without reading its lines. In its one spelling each file and each
 * segment below has `"sha256":"…"` once, and no name, target or value can look so: a quote in a
 * string is escaped. Where a segment is not spelt so, more may be found, and no snapshot can be read.
 */
import { type Digest, digestOf } from '../../digest.ts';
import { IngotError } from '../../errors.ts';
import { damagedSegment } from '../refusals.ts';
import type { SegmentSource } from '../storage.ts';

export interface ScannedSegment {
  readonly digest: Digest;
  readonly level: number;
  readonly bytes: Buffer;
}

const KEY = Buffer.from('"sha256":"');
const HEX_DIGITS = 64;
const [ZERO, NINE, SMALL_A, SMALL_F] = [0x30, 0x39, 0x61, 0x66];
const HEAD = /^\{"segment":(\d+),"level":([0-7])\}\n/;
const HEAD_BYTES = 40;
const NEWER_HEAD = /^\{"segment":([2-9]|[1-9]\d+),/;

/** Checks the digest. Throws an IngotError for what is damaged, missing, or of a newer ingot. */
export async function readSegment(source: SegmentSource, digest: Digest): Promise<ScannedSegment> {
  const given = await source.get(digest);
  const bytes = Buffer.from(given.buffer, given.byteOffset, given.length);
  if (digestOf(bytes) !== digest) throw damagedSegment(digest, 'its bytes are others');
  const head = bytes.toString('latin1', 0, HEAD_BYTES);
  if (NEWER_HEAD.test(head)) throw newerSegment(digest);
  const [, format, level] = HEAD.exec(head) ?? [];
  if (format !== '1') throw damagedSegment(digest, 'it does not begin as a segment');
  return { digest, level: Number(level), bytes };
}

/** Calls with the place of each digest. */
export function scanDigests({ bytes }: ScannedSegment, onDigest: (at: number) => void): void {
  const { length } = bytes;
  // A quarter of the time of `indexOf`, a call for each: looks only where the key could end.
  for (let end = KEY.length - 1; end < length; ) {
    const step = STEPS[bytes[end]!]!;
    if (step > 0 || !isKeyAt(bytes, end - KEY.length + 1)) {
      end += step || 1;
      continue;
    }
    onDigest(end + 1);
    end += HEX_DIGITS + KEY.length;
  }
}

/** How far the key's end is at least from a byte: 0 where that may be its end. */
const STEPS = new Uint8Array(256).fill(KEY.length);
for (const [at, byte] of KEY.entries()) STEPS[byte] = KEY.length - 1 - at;

function isKeyAt(bytes: Buffer, at: number): boolean {
  for (let n = 0; n < KEY.length; n++) if (bytes[at + n] !== KEY[n]) return false;
  return true;
}

/** The bytes of the file whose digest is there: its `"size":"…"` comes right before. */
export function sizeAt({ bytes }: ScannedSegment, at: number): number {
  let [size, unit] = [0, 1];
  for (let from = at - SIZE_GAP; isDigit(bytes[from]!); from--) {
    size += unit * (bytes[from]! - ZERO);
    unit *= 10;
  }
  return size;
}

/** From the last digit of a size to its digest. */
const SIZE_GAP = '",'.length + KEY.length + 1;

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE;
}

export function digestAt({ bytes }: ScannedSegment, at: number): Digest {
  return bytes.toString('latin1', at, at + HEX_DIGITS) as Digest;
}

/** False where other characters stand in the place of a digest. */
export function isDigestAt({ bytes }: ScannedSegment, at: number): boolean {
  for (let n = 0; n < HEX_DIGITS; n++) {
    const byte = bytes[at + n]!;
    if (!isDigit(byte) && !(byte >= SMALL_A && byte <= SMALL_F)) return false;
  }
  return true;
}

function newerSegment(digest: Digest): IngotError {
  return new IngotError({
    what: `cannot read segment ${digest} of a snapshot`,
    code: 'INGOT_NEWER_FORMAT',
    why: 'its format is not 1, which alone this ingot knows',
    hint: 'use a newer ingot',
  });
}
