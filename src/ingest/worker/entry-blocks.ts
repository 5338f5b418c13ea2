import type { Digest } from '../../digest.ts';
import type { FileStatus } from '../../native/file-status.ts';
import { BlockWriter } from '../../snapshot/block.ts';
import type { WalkedDirectory } from '../../sources/found-files.ts';
import type { ReadLink } from '../../sources/source-directory.ts';
import type { Refusal } from '../../sources/source-file.ts';
import type { StableInodes } from '../../sources/stable-inodes.ts';
import { NO_BLOCKS, type TaskBlocks } from '../messages.ts';
import { whyMissing } from '../why-missing.ts';

/** A file as a snapshot has it. */
export interface LearntFile {
  readonly status: FileStatus;
  readonly size: number;
  readonly digest: Digest;
  /** As `xattrsText` gives them; undefined where they could not be had. */
  readonly xattrs: string | undefined;
}

/** A usual line, and what stands beside it. */
const ENTRY_BYTES = 288;

/** What a task learns of its entries, for the snapshot: a block for each directory. */
export class EntryBlocks {
  readonly #inodes: StableInodes;
  readonly #writer = new BlockWriter();
  readonly #directories: string[] = [];
  readonly #lengths: number[] = [];
  readonly #areLinked: boolean[] = [];
  /** Shared, so that the message to the main thread copies nothing. */
  #bytes: Buffer;
  #used = 0;
  #directory: WalkedDirectory | undefined;
  #hasLinked = false;

  /** `count`: of entries that it is likely to get. */
  constructor(inodes: StableInodes, count: number) {
    this.#inodes = inodes;
    this.#bytes = sharedBuffer(count * ENTRY_BYTES);
  }

  /** What follows lies in this directory. */
  enter(directory: WalkedDirectory): void {
    this.#close();
    this.#directory = directory;
  }

  file(name: string, file: LearntFile): void {
    this.#writer.file(name, file.status.links > 1 ? this.#linked(file.status) : file.status, file);
  }

  link(name: string, { status, target }: ReadLink): void {
    this.#writer.link(name, status, target);
  }

  missing(name: string, refusal: Refusal): void {
    this.#writer.missing(name, whyMissing(refusal));
  }

  take(): TaskBlocks {
    this.#close();
    if (this.#used === 0) return NO_BLOCKS;
    return {
      directories: this.#directories,
      bytes: this.#bytes.subarray(0, this.#used),
      lengths: this.#lengths,
      linked: this.#areLinked,
    };
  }

  #close(): void {
    if (this.#writer.isEmpty) return;
    const block = this.#writer.take();
    if (this.#used + block.length > this.#bytes.length) this.#grow(block.length);
    this.#used += block.copy(this.#bytes, this.#used);
    this.#directories.push(this.#directory!.inTree);
    this.#lengths.push(block.length);
    this.#areLinked.push(this.#hasLinked);
    this.#hasLinked = false;
  }

  #grow(room: number): void {
    const larger = sharedBuffer(2 * this.#bytes.length + room);
    this.#bytes.copy(larger, 0, 0, this.#used);
    this.#bytes = larger;
  }

  /** Of a file with other names. Without them where nobody can tell which they are. */
  #linked(status: FileStatus): FileStatus {
    if (!this.#inodes.areOn(status.device, this.#directory!.directory))
      return { ...status, links: 1 };
    this.#hasLinked = true;
    return status;
  }
}

function sharedBuffer(bytes: number): Buffer {
  return Buffer.from(new SharedArrayBuffer(bytes));
}
