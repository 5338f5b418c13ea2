/**
 * The record of a run that goes on: blocks are appended as they come, and nothing is flushed. When
 * the run has ended well it gets its index, and takes the place of the last record.
 */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { crc32 } from 'node:zlib';
import { type FileOps, type StoreFd, writeFully } from '../files/file-ops.ts';
import { removeFile } from '../files/remove.ts';
import { openOrMake } from '../files/rights.ts';
import { numberOf } from '../native/descriptor.ts';
import type { Libc } from '../native/libc.ts';
import { IndexBuilder } from './index-table.ts';
import { addBlock } from './record-file.ts';
import { encodeEnd, encodeHead, type RecordEnd, type RecordHead, Unusable } from './record-head.ts';
import type { SharedRecord } from './record-reader.ts';

const { O_RDWR, O_EXCL } = fs.constants;
/** Between the name of a record and a random id. */
export const PART = '.part-';

/** What came of a run that has ended well. */
export type FinishedRun = Pick<RecordEnd, 'generation' | 'snapshot'>;

/** For a moment another run may hold what it finds. */
const LOCK_ATTEMPTS = 3;
const WAITING_BYTES = 64 << 10;

export class RecordPart {
  readonly #path: string;
  readonly #fd: StoreFd;
  readonly #ops: FileOps;
  readonly #index = new IndexBuilder();
  #position = 0;
  /** Small blocks that wait to be written together. */
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #directories = 0;

  private constructor(path: string, fd: StoreFd, ops: FileOps) {
    this.#path = path;
    this.#fd = fd;
    this.#ops = ops;
  }

  /** For the record at `path`. Throws what the file system and flock(2) throw, an Unusable. */
  static open(path: string, head: RecordHead, libc: Libc, ops: FileOps): RecordPart {
    for (let attempt = 1; attempt <= LOCK_ATTEMPTS; attempt++) {
      const part = RecordPart.#make(path, ops);
      try {
        if (part.#begin(head, libc)) return part;
      } catch (error) {
        part.remove();
        throw error;
      }
      part.remove();
    }
    throw new Unusable('other runs lock it');
  }

  static #make(path: string, ops: FileOps): RecordPart {
    const partPath = `${path}${PART}${randomBytes(8).toString('hex')}`;
    return new RecordPart(
      partPath,
      openOrMake(partPath, O_RDWR | O_EXCL, { mode: 0o600 }, ops),
      ops,
    );
  }

  /** False when a run that looks for parts has locked it first, and takes it for one that was left. */
  #begin(head: RecordHead, libc: Libc): boolean {
    // The sign of life: what has none was left by a run that did not come to its end.
    const isLocked = libc.tryLock(this.#fd);
    if (isLocked) this.#write(encodeHead(head));
    return isLocked;
  }

  /** Appends blocks, one after the other. */
  add(blocks: Uint8Array): void {
    this.#writeWaiting();
    this.#append(Buffer.from(blocks.buffer, blocks.byteOffset, blocks.byteLength));
  }

  /** Appends the block of a directory, which is not written at once. */
  addDirectory(block: Uint8Array): void {
    this.#directories++;
    this.#waiting.push(Buffer.from(block));
    this.#waitingBytes += block.length;
    if (this.#waitingBytes >= WAITING_BYTES) this.#writeWaiting();
  }

  /** All that was added so far; open as long as this is. */
  readBack(): SharedRecord {
    this.#writeWaiting();
    const index = this.#index.build();
    return { fd: numberOf(this.#fd), index, mustLook: false, isPart: true };
  }

  #writeWaiting(): void {
    if (this.#waiting.length === 0) return;
    const blocks = Buffer.concat(this.#waiting.splice(0));
    this.#waitingBytes = 0;
    this.#append(blocks);
  }

  #append(buffer: Buffer): void {
    const position = this.#position;
    this.#write(buffer);
    for (let at = 0; at < buffer.length; ) at += addBlock(this.#index, buffer, at, position + at);
  }

  /** Makes it the record at `path`. */
  finish(path: string, { generation, snapshot }: FinishedRun): void {
    this.#writeWaiting();
    const index = new Uint8Array(this.#index.build());
    const position = this.#position;
    this.#write(index);
    const { rows } = this.#index;
    const directories = this.#directories;
    const checksum = crc32(index);
    this.#write(encodeEnd({ position, rows, checksum, generation, directories, snapshot }));
    this.#ops.renameSync(this.#path, path);
    this.#ops.closeSync(this.#fd);
  }

  /** Leaves it to the next run. */
  leave(): void {
    this.#ops.closeSync(this.#fd);
  }

  remove(): void {
    try {
      removeFile(this.#ops, this.#path);
    } finally {
      this.#ops.closeSync(this.#fd);
    }
  }

  #write(bytes: Uint8Array): void {
    writeFully(this.#ops, this.#fd, bytes);
    this.#position += bytes.length;
  }
}
