/**
 * What a thread has learnt of a part of a directory: the lines of entries that wait for their places,
 * sorted by the bytes of their names. A block is a run of records as `src/sort` has them: the key is
 * the name, and the payload is
 *
 *   kind, length of the part behind a group, hash, size   what the writer of a tree needs
 *   uid, gid, links, device, inode, ctime                 what no line says, or not as a number
 *   the body of the line
 */
import type { Digest } from '../digest.ts';
import { toBytes } from '../names.ts';
import type { FileStatus } from '../native/file-status.ts';
import { HEAD_BYTES, type SortedRecord } from '../sort/sorted-record.ts';
import { hashOfLine } from './cut.ts';
import { directoryBody, fileBody, linkBody, missingBody } from './entry-body.ts';
import { compareKeys } from './position.ts';

export const KIND = { directory: 1, file: 2, link: 3, missing: 4 } as const;

const KIND_AT = 0;
/** Not 0 where extended attributes could not be had. */
const LACKS_XATTRS_AT = 2;
const TAIL_AT = 4;
const HASH_AT = 8;
const SIZE_AT = 12;
const UID_AT = 20;
const GID_AT = 24;
const LINKS_AT = 28;
const DEVICE_AT = 32;
const INODE_AT = 40;
const INODE_LOW_AT = 48;
const CHANGED_AT = 52;
const CHANGED_NANOSECONDS_AT = 60;
/** Where the body begins in a payload. */
const BODY_AT = 64;

const FIRST_BYTES = 16 << 10;
/** Of a record, beside its name and body. */
const FIXED_BYTES = HEAD_BYTES + BODY_AT;
const MAX_BYTES_A_CHARACTER = 3;

/** What a block says beside a line. */
interface Facts {
  readonly kind: (typeof KIND)[keyof typeof KIND];
  readonly size: number;
  readonly digest?: Digest | undefined;
  readonly target?: string | undefined;
  /** As a line has them. */
  readonly xattrs: string | undefined;
}

/** What is known of a file besides its status. */
export interface FileContent {
  readonly size: number;
  readonly digest: Digest;
  /** As `xattrsText` gives them; undefined where they could not be had. */
  readonly xattrs: string | undefined;
}

/** Makes blocks. Names are in the escaped form of names.ts, and come in any order; each counts once. */
export class BlockWriter {
  #bytes = Buffer.allocUnsafeSlow(FIRST_BYTES);
  #view = new DataView(this.#bytes.buffer);
  #used = 0;
  #names: string[] = [];
  /** Where the record of each begins. */
  #starts: number[] = [];
  #isSorted = true;

  get isEmpty(): boolean {
    return this.#used === 0;
  }

  /** The functions throw a RangeError for what no line can say. */
  file(name: string, status: FileStatus, content: FileContent): void {
    const { size, digest, xattrs } = content;
    const facts = { kind: KIND.file, size, digest, xattrs, target: undefined };
    this.#add(name, fileBody(name, status, content), status, facts);
  }

  link(name: string, status: FileStatus, target: string, xattrs = ''): void {
    const body = linkBody(name, status, { target, xattrs });
    this.#add(name, body, status, { ...NOTHING, kind: KIND.link, target, xattrs });
  }

  missing(name: string, why: string): void {
    this.#add(name, missingBody(name, why), undefined, { ...NOTHING, kind: KIND.missing });
  }

  /** The directory itself, alone in a block; the root has no name. */
  directory(
    name: string,
    status: FileStatus,
    more: { readonly lacks?: string | undefined; readonly xattrs: string | undefined },
  ): void {
    const facts = { ...NOTHING, kind: KIND.directory, xattrs: more.xattrs };
    this.#add(name, directoryBody(name, status, more), status, facts);
  }

  /** What was added; the next block begins. Good until something is added to that. */
  take(): Buffer {
    const bytes = this.#isSorted ? this.#bytes.subarray(0, this.#used) : this.#sorted();
    this.#used = 0;
    this.#isSorted = true;
    this.#names = [];
    this.#starts = [];
    return bytes;
  }

  #sorted(): Buffer {
    const names = this.#names;
    const starts = this.#starts;
    starts.push(this.#used);
    const order = names.map((_, index) => index);
    order.sort((a, b) => compareKeys(names[a]!, names[b]!));
    const bytes = Buffer.allocUnsafe(this.#used);
    let at = 0;
    let last: string | undefined;
    for (const index of order) {
      // A directory that changes while it is listed may give a name twice.
      if (names[index] === last) continue;
      last = names[index];
      at += this.#bytes.copy(bytes, at, starts[index], starts[index + 1]);
    }
    return bytes.subarray(0, at);
  }

  #add(name: string, body: string, status: FileStatus | undefined, facts: Facts): void {
    const { kind, size, digest, target, xattrs } = facts;
    this.#makeRoom(FIXED_BYTES + MAX_BYTES_A_CHARACTER * (name.length + body.length));
    const view = this.#view;
    const head = this.#used;
    if (head > 0) this.#isSorted &&= compareKeys(this.#names.at(-1)!, name) < 0;
    this.#names.push(name);
    this.#starts.push(head);
    const at = head + HEAD_BYTES;
    view.setUint16(at + KIND_AT, kind, true);
    view.setUint16(at + LACKS_XATTRS_AT, xattrs === undefined ? 1 : 0, true);
    view.setUint32(at + TAIL_AT, xattrs ? Buffer.byteLength(xattrs) + 1 : 1, true);
    view.setUint32(at + HASH_AT, hashOfLine(name, digest, target), true);
    view.setFloat64(at + SIZE_AT, size, true);
    if (status === undefined) this.#bytes.fill(0, at + UID_AT, at + BODY_AT);
    else this.#addStatus(at, status);
    const bodyBytes = this.#bytes.write(body, at + BODY_AT);
    const keyAt = at + BODY_AT + bodyBytes;
    const keyBytes = name.isWellFormed()
      ? this.#bytes.write(name, keyAt)
      : toBytes(name).copy(this.#bytes, keyAt);
    view.setUint32(head, BODY_AT + bodyBytes, true);
    view.setUint32(head + 4, keyBytes, true);
    this.#used = keyAt + keyBytes;
  }

  #addStatus(at: number, status: FileStatus): void {
    const view = this.#view;
    view.setUint32(at + UID_AT, status.uid, true);
    view.setUint32(at + GID_AT, status.gid, true);
    view.setUint32(at + LINKS_AT, status.links, true);
    view.setFloat64(at + DEVICE_AT, status.device, true);
    view.setFloat64(at + INODE_AT, status.inode, true);
    view.setUint32(at + INODE_LOW_AT, status.inodeLow, true);
    view.setFloat64(at + CHANGED_AT, status.changedSeconds, true);
    view.setUint32(at + CHANGED_NANOSECONDS_AT, status.changedNanoseconds, true);
  }

  #makeRoom(bytes: number): void {
    if (this.#used + bytes <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(2 * this.#bytes.length + bytes);
    this.#bytes.copy(larger, 0, 0, this.#used);
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}

const NOTHING = { size: 0, digest: undefined, target: undefined, xattrs: '' } as const;

/** The functions read what the record of an entry says. */
export function kindIn({ bytes, payloadAt }: SortedRecord): number {
  return bytes.readUInt16LE(payloadAt + KIND_AT);
}

export function lacksXattrs({ bytes, payloadAt }: SortedRecord): boolean {
  return bytes.readUInt16LE(payloadAt + LACKS_XATTRS_AT) !== 0;
}

export function hashIn({ bytes, payloadAt }: SortedRecord): number {
  return bytes.readUInt32LE(payloadAt + HASH_AT);
}

/** Bytes of a file's content; 0 of all else. */
export function sizeIn({ bytes, payloadAt }: SortedRecord): number {
  return bytes.readDoubleLE(payloadAt + SIZE_AT);
}

export function linksIn({ bytes, payloadAt }: SortedRecord): number {
  return bytes.readUInt32LE(payloadAt + LINKS_AT);
}

export function uidIn({ bytes, payloadAt }: SortedRecord): number {
  return bytes.readUInt32LE(payloadAt + UID_AT);
}

export function gidIn({ bytes, payloadAt }: SortedRecord): number {
  return bytes.readUInt32LE(payloadAt + GID_AT);
}

/** Of one file, whatever its names are: device, inode, and all that its line says but for the name. */
export function identityIn(record: SortedRecord): Buffer {
  const { bytes, payloadAt } = record;
  const fields = bytes.toString('latin1', bodyStart(record), bodyEnd(record)).indexOf('","mode":');
  return Buffer.concat([
    bytes.subarray(payloadAt + DEVICE_AT, payloadAt + CHANGED_AT),
    bytes.subarray(bodyStart(record) + fields, bodyEnd(record)),
  ]);
}

export function bodyStart({ payloadAt }: SortedRecord): number {
  return payloadAt + BODY_AT;
}

export function bodyEnd({ payloadAt, payloadLength }: SortedRecord): number {
  return payloadAt + payloadLength;
}

/** Where the body goes on behind a group. */
export function tailStart(record: SortedRecord): number {
  return bodyEnd(record) - record.bytes.readUInt32LE(record.payloadAt + TAIL_AT);
}

/** The bytes of the name. */
export function nameIn({ bytes, payloadAt, payloadLength, keyLength }: SortedRecord): Buffer {
  const at = payloadAt + payloadLength;
  return bytes.subarray(at, at + keyLength);
}
