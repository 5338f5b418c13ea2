/** Writes the content of one file after the other, and verifies it meanwhile. */
import fs from 'node:fs';
import { DigestStream, digestOf } from '../../digest.ts';
import { bestEffort } from '../../errors.ts';
import { dataFrom } from '../../files/holes.ts';
import { joinPath } from '../../names.ts';
import { type AnyDescriptor, numberOf } from '../../native/descriptor.ts';
import { hasHoles } from '../../native/file-status.ts';
import type { SourceFd } from '../../native/files.ts';
import type { ThreadContent } from '../../store/seam/read.ts';
import { CODE, type Code } from '../messages.ts';
import type { Unpacker } from '../packed-entries.ts';
import { contentFailure, damagedContent } from '../refusals.ts';
import type { ContentsAhead } from './contents-ahead.ts';
import { modeToMake, type Parts, setFileMetadata } from './metadata.ts';
import { SMALL_FILE_BYTES } from './thread.ts';

/** Thrown in the middle of a large file when the run ends. */
export class Stopped extends Error {}

/** The bytes of a piece of a large file. */
const PIECE_BYTES = 1 << 20;
/** In a smaller file there is no hole worth a question. */
const MIN_SPARSE_BYTES = 64 << 10;
/** Of a large file until it is whole. */
const LARGE_MODE = 0o600;
/** Bytes that are counted for the progress at a time. */
const COUNTED_BYTES = 4 << 20;

export class FileWriter {
  readonly #entry: Unpacker;
  readonly #parts: Parts;
  readonly #ahead: ContentsAhead;
  #uncounted = 0;
  /** Of files that were written or shared. */
  bytes = 0;

  constructor(entry: Unpacker, parts: Parts, ahead: ContentsAhead) {
    this.#entry = entry;
    this.#parts = parts;
    this.#ahead = ahead;
  }

  /** Of the entry, for messages. */
  get path(): string {
    return joinPath(this.#parts.setup.target, this.#entry.path);
  }

  /**
   * Makes the file of the current entry. What has its name (`found`) gives way once the content is
   * known to be whole. Nothing of the file stays when it fails.
   */
  write(directory: AnyDescriptor, found: Code): void {
    this.#ahead.begins();
    const content = this.#open();
    try {
      if (this.#entry.size <= SMALL_FILE_BYTES) this.#writeSmall(content, directory, found);
      else this.#writeLarge(content, directory, found);
    } finally {
      content.close();
    }
    this.bytes += this.#entry.size;
  }

  /** Takes away what has the name of the entry. */
  makeRoom(directory: AnyDescriptor): void {
    const { at, status } = this.#parts.thread;
    const { name } = this.#entry;
    if (!at.status(directory, name, status)) return;
    if (status.isDirectory) at.removeDirectory(directory, name);
    else at.unlink(directory, name);
  }

  /** Adds what was read to the count of all threads. */
  countRead(): void {
    Atomics.add(this.#parts.thread.bytesRead, 0, BigInt(this.#uncounted));
    this.#uncounted = 0;
  }

  #read(bytes: number): void {
    this.#uncounted += bytes;
    if (this.#uncounted >= COUNTED_BYTES) this.countRead();
  }

  #open(): ThreadContent {
    const { digest } = this.#entry;
    try {
      return this.#parts.thread.reader.open(digest);
    } catch (error) {
      throw contentFailure(error, digest, this.path);
    }
  }

  #damaged(why: string): Error {
    return damagedContent(this.#entry.digest, this.path, why);
  }

  #writeSmall(content: ThreadContent, directory: AnyDescriptor, found: Code): void {
    const { size, digest, index } = this.#entry;
    const bytes = this.#readWhole(content);
    this.#ahead.wasRead(index, size);
    const actual = digestOf(bytes);
    if (actual !== digest) throw this.#damaged(`it hashes to ${actual}`);
    this.#read(bytes.length);
    const sparse = size >= MIN_SPARSE_BYTES && isSparse(content);
    const mode = modeToMake(this.#entry, this.#parts.setup);
    this.#make(directory, found, mode, (fd) => {
      if (sparse) this.#writeData(fd, bytes, 0);
      else this.#writeAll(fd, bytes);
      if (sparse) fs.ftruncateSync(numberOf(fd), size);
    });
  }

  #readWhole(content: ThreadContent): Uint8Array {
    const { buffer } = this.#parts.thread;
    const { size } = this.#entry;
    let read = this.#readOnce(content, buffer, size + 1);
    for (let more = read; more > 0 && read < size; read += more)
      more = this.#readOnce(content, buffer.subarray(read), size + 1 - read);
    if (read !== size)
      throw this.#damaged(`it has ${read > size ? 'more' : read} bytes, not ${size}`);
    return new Uint8Array(buffer.buffer, buffer.byteOffset, size);
  }

  #readOnce(content: ThreadContent, into: Uint8Array, size: number): number {
    try {
      return content.read(into, size);
    } catch (error) {
      throw contentFailure(error, this.#entry.digest, this.path);
    }
  }

  /** Whatever the mode: its content may be shared by opening it anew. */
  #writeLarge(content: ThreadContent, directory: AnyDescriptor, found: Code): void {
    if (found === CODE.replaced) this.#verifyFirst();
    this.#make(directory, found, LARGE_MODE, (fd) => {
      if (this.#clone(content, fd)) {
        this.#verify((into, size) => this.#parts.thread.files.read(fd, into, size));
        return;
      }
      const sparse = isSparse(content);
      this.#verify(
        (into, size) => this.#readOnce(content, into, size),
        (bytes, at) => {
          if (sparse) this.#writeData(fd, bytes, at);
          else this.#writeAll(fd, bytes);
        },
      );
      if (sparse) fs.ftruncateSync(numberOf(fd), this.#entry.size);
    });
  }

  /** Before a file that is there gives way. */
  #verifyFirst(): void {
    const content = this.#open();
    try {
      this.#verify((into, size) => this.#readOnce(content, into, size));
    } finally {
      content.close();
    }
  }

  /** Reads to the end. Throws INGOT_DAMAGED when these are not the bytes of the digest. */
  #verify(
    read: (into: Uint8Array, size: number) => number,
    use?: (bytes: Uint8Array, at: number) => void,
  ): void {
    const { buffer, stop } = this.#parts.thread;
    const { size, digest } = this.#entry;
    const hash = new DigestStream();
    let at = 0;
    for (let n = read(buffer, PIECE_BYTES); n > 0; n = read(buffer, PIECE_BYTES)) {
      if (Atomics.load(stop, 0) !== 0) throw new Stopped();
      if (at + n > size) throw this.#damaged(`it has more bytes, not ${size}`);
      const bytes = buffer.subarray(0, n);
      hash.update(bytes);
      use?.(bytes, at);
      at += n;
      if (use !== undefined) this.#read(n);
    }
    if (at !== size) throw this.#damaged(`it has ${at} bytes, not ${size}`);
    const actual = hash.digest();
    if (actual !== digest) throw this.#damaged(`it hashes to ${actual}`);
  }

  /** True when the new file shares the blocks of the object. */
  #clone(content: ThreadContent, fd: SourceFd): boolean {
    const { thread } = this.#parts;
    if (content.fd === undefined || !thread.mayClone) return false;
    thread.mayClone = false;
    bestEffort(() => {
      const path = (open: AnyDescriptor) => `/proc/self/fd/${numberOf(open)}`;
      fs.copyFileSync(path(content.fd!), path(fd), fs.constants.COPYFILE_FICLONE_FORCE);
      thread.mayClone = true;
    });
    // It was given the mode of the object, with blocks or without: nobody may write to it then.
    bestEffort(() => thread.at.setMode(fd, LARGE_MODE));
    return thread.mayClone;
  }

  /** Makes the file, fills it and sets what else it is; takes it away again when that fails. */
  #make(directory: AnyDescriptor, found: Code, mode: number, fill: (fd: SourceFd) => void): void {
    const { at, files } = this.#parts.thread;
    const { name } = this.#entry;
    if (found === CODE.replaced) this.makeRoom(directory);
    const fd = at.create(directory, name, mode);
    try {
      fill(fd);
      const made = this.#entry.size <= SMALL_FILE_BYTES ? mode : undefined;
      setFileMetadata(fd, this.#entry, made, this.#parts);
    } catch (error) {
      bestEffort(() => at.unlink(directory, name));
      throw error;
    } finally {
      files.close(fd);
    }
  }

  #writeAll(fd: AnyDescriptor, bytes: Uint8Array): void {
    const { files } = this.#parts.thread;
    for (let at = 0; at < bytes.length; )
      at += files.write(fd, at === 0 ? bytes : bytes.subarray(at));
  }

  /** Leaves out pages of zeros. `offset` is the place of the bytes in the file. */
  #writeData(fd: AnyDescriptor, bytes: Uint8Array, offset: number): void {
    for (let at = 0; at < bytes.length; ) {
      const data = dataFrom(bytes, at, offset + at);
      for (let from = data.at; from < data.end; )
        from += fs.writeSync(numberOf(fd), bytes, from, data.end - from, offset + from);
      at = data.end;
    }
  }
}

function isSparse({ fd }: ThreadContent): boolean {
  return fd !== undefined && hasHoles(fd);
}
