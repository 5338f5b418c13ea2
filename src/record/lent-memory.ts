/**
 * Memory in which a thread hands on what it has learnt: another one reads it in place, and gives it back.
 * So nothing is copied, and a run uses the same few pieces again and again. V8 does not count memory that
 * threads share: left to it, the dead pieces of a run over 10,000,000 entries took 300 MB.
 */
import { isSharedArrayBuffer } from 'node:util/types';

/** Says whether a piece is lent; the memory begins behind it. */
const HEAD_BYTES = 8;
const FREE = 0;
const LENT = 1;
/** Pieces of other sizes than these would be used again less often. */
const LEAST_BYTES = 64 << 10;
/** More are used once. A thread has three tasks at a time, and each two kinds of blocks. */
const MAX_PIECES = 12;

/** Of this thread. */
const pieces: SharedArrayBuffer[] = [];

/** At least so many bytes, which hold anything. They are lent until `giveBack` is called for them. */
export function lend(bytes: number): Buffer {
  let piece = pieces.find((each) => isFree(each) && each.byteLength - HEAD_BYTES >= bytes);
  if (piece === undefined) {
    piece = newPiece(bytes);
    keep(piece);
  }
  Atomics.store(stateOf(piece), 0, LENT);
  return Buffer.from(piece, HEAD_BYTES);
}

/** Called by the thread that had it last, which reads it no more. Other memory is left alone. */
export function giveBack({ buffer }: Uint8Array): void {
  if (isSharedArrayBuffer(buffer)) Atomics.store(stateOf(buffer), 0, FREE);
}

function newPiece(bytes: number): SharedArrayBuffer {
  let size = LEAST_BYTES;
  while (size < bytes) size *= 2;
  return new SharedArrayBuffer(HEAD_BYTES + size);
}

/** In the place of one that was too small, where there are many. */
function keep(piece: SharedArrayBuffer): void {
  if (pieces.length < MAX_PIECES) {
    pieces.push(piece);
    return;
  }
  const at = pieces.findIndex(isFree);
  if (at >= 0) pieces[at] = piece;
}

function isFree(piece: SharedArrayBuffer): boolean {
  return Atomics.load(stateOf(piece), 0) === FREE;
}

function stateOf(piece: SharedArrayBuffer): Int32Array {
  return new Int32Array(piece, 0, 1);
}
