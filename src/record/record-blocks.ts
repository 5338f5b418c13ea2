import { crc32 } from 'node:zlib';
import type { Digest } from '../digest.ts';
import { toBytes } from '../names.ts';
import type { FileStatus } from '../native/file-status.ts';
import { type EntryAt, entryEnd } from './entry.ts';
import {
  BLOCK,
  BLOCK_MAGIC,
  DIGEST_BYTES,
  ENTRY,
  HAS_XATTRS,
  hashOf,
  IS_SURE,
  int48At,
  type Key,
  KIND,
  MAX_BLOCK_BYTES,
  MAX_BLOCK_ENTRIES,
  MAX_INT48,
  MAX_UINT16,
  MAX_UINT48,
  setInt48,
  uint48At,
  viewOf,
} from './layout.ts';
import { giveBack, lend } from './lent-memory.ts';

/** What is recorded of a file besides its status. */
export interface RecordedFile {
  readonly size: number;
  readonly digest: Digest;
  /** As lines of a snapshot have them. */
  readonly xattrs: string;
  /** False where they were not asked for. */
  readonly hasXattrs: boolean;
  readonly isSure: boolean;
}

/** The same of a link. */
export interface RecordedLink {
  readonly target: string;
  readonly isSure: boolean;
}

/** Fields of an entry, but for the status. */
interface Fields {
  readonly kind: (typeof KIND)[keyof typeof KIND];
  readonly flags: number;
  readonly size: number;
  readonly digest: Digest | undefined;
  readonly tail: string;
}

const MAX_BYTES_A_CHARACTER = 3;
/** A usual entry. */
const ENTRY_BYTES = 128;

/** Writes the blocks of a record, one after the other. Names are in the escaped form of names.ts. */
export class RecordBlocks {
  #bytes: Buffer;
  #view: DataView;
  #used = 0;
  #path: Key | undefined;
  #identity: Key | undefined;
  /** Where the block begins that is being written. */
  #block: number | undefined;
  #entries = 0;

  /** `count`: of entries that it is likely to get. */
  constructor(count: number) {
    this.#bytes = lend(BLOCK.bytes + count * ENTRY_BYTES);
    this.#view = viewOf(this.#bytes);
  }

  /** What follows lies in this directory. */
  enter(path: Key, identity: Key): void {
    this.#endBlock();
    this.#path = path;
    this.#identity = identity;
  }

  /** What does not fit into an entry is not recorded: it will be read again. */
  file(name: string, status: FileStatus, file: RecordedFile): void {
    const { size, digest, xattrs: tail, hasXattrs, isSure } = file;
    const flags = (hasXattrs ? HAS_XATTRS : 0) | (isSure ? IS_SURE : 0);
    this.#add(name, status, { kind: KIND.file, flags, size, digest, tail });
  }

  link(name: string, status: FileStatus, { target: tail, isSure }: RecordedLink): void {
    const { size } = status;
    const flags = isSure ? IS_SURE : 0;
    this.#add(name, status, { kind: KIND.link, flags, size, digest: undefined, tail });
  }

  /** An entry of an older record, as it is. */
  copy({ bytes, view, at }: EntryAt): void {
    const length = entryEnd(view, at) - at;
    this.#beginEntry(length);
    bytes.copy(this.#bytes, this.#used, at, at + length);
    this.#used += length;
    this.#entries++;
  }

  /** Blocks of an older record, as they are. */
  keep(blocks: Uint8Array): void {
    this.#endBlock();
    this.#makeRoom(blocks.length);
    this.#bytes.set(blocks, this.#used);
    this.#used += blocks.length;
  }

  /** Ends a block. Gives where the next one begins. */
  mark(): number {
    this.#endBlock();
    return this.#used;
  }

  /** Drops what came after a mark. */
  backTo(mark: number): void {
    this.#endBlock();
    this.#used = mark;
  }

  /** All blocks, in lent memory; undefined where there are none. Nothing more may be added. */
  take(): Uint8Array | undefined {
    this.#endBlock();
    if (this.#used > 0) return this.#bytes.subarray(0, this.#used);
    giveBack(this.#bytes);
    return undefined;
  }

  #add(name: string, status: FileStatus, fields: Fields): void {
    const { kind, flags, size, digest, tail } = fields;
    const most = MAX_BYTES_A_CHARACTER * (name.length + tail.length);
    if (most > MAX_UINT16 || size > MAX_UINT48 || !fits(status)) return;
    this.#beginEntry(ENTRY.bytes + most);
    const at = this.#used;
    const view = this.#view;
    const nameBytes = this.#write(name, at + ENTRY.bytes);
    const tailBytes = this.#write(tail, at + ENTRY.bytes + nameBytes);
    view.setUint32(at + ENTRY.hash, hashOf(name), true);
    view.setUint16(at + ENTRY.nameBytes, nameBytes, true);
    view.setUint8(at + ENTRY.kind, kind);
    view.setUint8(at + ENTRY.flags, flags);
    setInt48(view, at + ENTRY.size, size);
    view.setUint16(at + ENTRY.tailBytes, tailBytes, true);
    setStatus(view, at, status);
    if (digest === undefined) this.#bytes.fill(0, at + ENTRY.digest, at + ENTRY.bytes);
    else this.#bytes.write(digest, at + ENTRY.digest, DIGEST_BYTES, 'hex');
    this.#used = at + ENTRY.bytes + nameBytes + tailBytes;
    this.#entries++;
  }

  #write(text: string, at: number): number {
    return text.isWellFormed() ? this.#bytes.write(text, at) : toBytes(text).copy(this.#bytes, at);
  }

  /** For an entry of at most so many bytes, in a block. */
  #beginEntry(entryBytes: number): void {
    const isFull =
      this.#block !== undefined &&
      (this.#entries === MAX_BLOCK_ENTRIES ||
        this.#used - this.#block + entryBytes > MAX_BLOCK_BYTES);
    if (isFull) this.#endBlock();
    this.#makeRoom(BLOCK.bytes + entryBytes);
    if (this.#block !== undefined) return;
    this.#block = this.#used;
    this.#used += BLOCK.bytes;
  }

  #makeRoom(bytes: number): void {
    const needed = this.#used + bytes;
    if (needed <= this.#bytes.length) return;
    const larger = lend(2 * needed);
    this.#bytes.copy(larger, 0, 0, this.#used);
    giveBack(this.#bytes);
    this.#bytes = larger;
    this.#view = viewOf(larger);
  }

  #endBlock(): void {
    const at = this.#block;
    this.#block = undefined;
    if (at === undefined) return;
    const view = this.#view;
    view.setUint32(at + BLOCK.magic, BLOCK_MAGIC, true);
    view.setUint32(at + BLOCK.payloadBytes, this.#used - at - BLOCK.bytes, true);
    view.setUint32(at + BLOCK.entries, this.#entries, true);
    setKey(view, at + BLOCK.path, this.#path!);
    setKey(view, at + BLOCK.identity, this.#identity!);
    view.setUint32(at + BLOCK.checksum, checksumOf(this.#bytes.subarray(at, this.#used)), true);
    this.#entries = 0;
  }
}

/** `block`: all of its bytes. */
export function checksumOf(block: Uint8Array): number {
  return crc32(block.subarray(BLOCK.entries));
}

/** `block`: what shall be one, from its first byte to its last. */
export function isSoundBlock(block: Buffer): boolean {
  const view = viewOf(block);
  return (
    block.length >= BLOCK.bytes &&
    view.getUint32(BLOCK.magic, true) === BLOCK_MAGIC &&
    // The checksum says nothing of it, and whoever goes through blocks that were kept relies on it.
    view.getUint32(BLOCK.payloadBytes, true) === block.length - BLOCK.bytes &&
    view.getUint32(BLOCK.checksum, true) === checksumOf(block)
  );
}

export function setKey(view: DataView, at: number, [high, low]: Key): void {
  view.setUint32(at, high, true);
  view.setUint32(at + 4, low, true);
}

/** True for what an entry can say. */
export function fits({ modifiedSeconds, changedSeconds, links }: FileStatus): boolean {
  return isInt48(modifiedSeconds) && isInt48(changedSeconds) && links <= MAX_UINT16;
}

/** Into the entry that begins at `at`. */
export function setStatus(view: DataView, at: number, status: FileStatus): void {
  view.setUint32(at + ENTRY.modifiedNanoseconds, status.modifiedNanoseconds, true);
  view.setUint32(at + ENTRY.changedNanoseconds, status.changedNanoseconds, true);
  setInt48(view, at + ENTRY.modifiedSeconds, status.modifiedSeconds);
  setInt48(view, at + ENTRY.changedSeconds, status.changedSeconds);
  view.setUint32(at + ENTRY.inodeLow, status.inodeLow, true);
  view.setUint32(at + ENTRY.inodeHigh, Math.floor(status.inode / 2 ** 32), true);
  view.setUint32(at + ENTRY.uid, status.uid, true);
  view.setUint32(at + ENTRY.gid, status.gid, true);
  view.setUint16(at + ENTRY.mode, status.mode, true);
  view.setUint16(at + ENTRY.links, status.links, true);
}

/** What `setStatus` has written. `device`: of the directory, which an entry shares. */
export function statusAt(view: DataView, at: number, device: number): FileStatus {
  const inodeLow = view.getUint32(at + ENTRY.inodeLow, true);
  return {
    mode: view.getUint16(at + ENTRY.mode, true),
    size: uint48At(view, at + ENTRY.size),
    device,
    inode: view.getUint32(at + ENTRY.inodeHigh, true) * 2 ** 32 + inodeLow,
    inodeLow,
    links: view.getUint16(at + ENTRY.links, true),
    uid: view.getUint32(at + ENTRY.uid, true),
    gid: view.getUint32(at + ENTRY.gid, true),
    modifiedSeconds: int48At(view, at + ENTRY.modifiedSeconds),
    modifiedNanoseconds: view.getUint32(at + ENTRY.modifiedNanoseconds, true),
    changedSeconds: int48At(view, at + ENTRY.changedSeconds),
    changedNanoseconds: view.getUint32(at + ENTRY.changedNanoseconds, true),
  };
}

function isInt48(value: number): boolean {
  return value <= MAX_INT48 && value >= -MAX_INT48;
}
