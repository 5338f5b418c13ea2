/** Reads an entry of a block: see layout.ts. */
import type { Digest } from '../digest.ts';
import { escapeName } from '../names.ts';
import { ENTRY, HAS_XATTRS, IS_SURE, KIND, uint48At } from './layout.ts';

/** An entry in memory. */
export interface EntryAt {
  readonly bytes: Buffer;
  /** Of the same bytes. */
  readonly view: DataView;
  /** Where it begins. */
  readonly at: number;
}

export function isLink({ view, at }: EntryAt): boolean {
  return view.getUint8(at + ENTRY.kind) === KIND.link;
}

/** Extended attributes were asked for. */
export function hasXattrs({ view, at }: EntryAt): boolean {
  return (view.getUint8(at + ENTRY.flags) & HAS_XATTRS) !== 0;
}

/** Its content was read when its status was this very one. */
export function isSure({ view, at }: EntryAt): boolean {
  return (view.getUint8(at + ENTRY.flags) & IS_SURE) !== 0;
}

/** Of its content, in bytes. */
export function sizeIn({ view, at }: EntryAt): number {
  return uint48At(view, at + ENTRY.size);
}

/** Of a file. */
export function digestIn({ bytes, at }: EntryAt): Digest {
  return bytes.toString('hex', at + ENTRY.digest, at + ENTRY.bytes) as Digest;
}

/** In the escaped form of names.ts. */
export function nameIn({ bytes, view, at }: EntryAt): string {
  return escapeName(bytes.subarray(at + ENTRY.bytes, tailStart(view, at)));
}

/** What follows the name: extended attributes of a file, the target of a link. */
export function tailIn({ bytes, view, at }: EntryAt): Buffer {
  return bytes.subarray(tailStart(view, at), entryEnd(view, at));
}

/** The extended attributes of a file. */
export function tailTextIn({ bytes, view, at }: EntryAt): string {
  const from = tailStart(view, at);
  const to = entryEnd(view, at);
  return from === to ? '' : bytes.toString('utf8', from, to);
}

/** Where the entry that begins at `at` ends. */
export function entryEnd(view: DataView, at: number): number {
  return tailStart(view, at) + view.getUint16(at + ENTRY.tailBytes, true);
}

function tailStart(view: DataView, at: number): number {
  return at + ENTRY.bytes + view.getUint16(at + ENTRY.nameBytes, true);
}
