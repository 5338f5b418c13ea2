import type { Digest } from '../digest.ts';
import { escapeName } from '../names.ts';
import type { FileStatus } from '../native/file-status.ts';
import type { RecordedDirectory } from '../record/directory-block.ts';
import { digestIn, type EntryAt, isLink, tailIn, tailTextIn } from '../record/entry.ts';
import type { DirectoryIdentity, KnownFile, KnownLink } from '../record/known-entries.ts';
import { identityKey, NO_KEY, pathKey } from '../record/layout.ts';
import { giveBack, lend } from '../record/lent-memory.ts';
import { isRacy, LOCAL_RACE_MS, REMOTE_RACE_MS } from '../record/racy.ts';
import { RecordBlocks, statusAt } from '../record/record-blocks.ts';
import { BlockWriter, type FileContent } from '../snapshot/block.ts';
import type { Devices, Reliance } from '../sources/devices.ts';
import type { WalkedDirectory } from '../sources/found-files.ts';
import type { ReadLink } from '../sources/source-directory.ts';
import type { Refusal } from '../sources/source-file.ts';
import { NO_BLOCKS, type TaskBlocks, type WorkerSetup } from './messages.ts';
import { whyMissing } from './why-missing.ts';

/** A file as a snapshot has it. */
export interface LearntFile {
  readonly status: FileStatus;
  readonly size: number;
  readonly digest: Digest;
  /** As `xattrsText` gives them; undefined where they could not be had. */
  readonly xattrs: string | undefined;
  /** Milliseconds since 1970, just before it was looked at first. */
  readonly lookedAt: number;
}

export interface BlocksOptions {
  /** Entries are recorded for the next run, too. */
  readonly isRecorded: boolean;
  /** Extended attributes are asked for. */
  readonly wantXattrs: boolean;
}

/** A usual line, and what stands beside it. */
const ENTRY_BYTES = 288;

/** What a task learns of its entries, for snapshot and record: a block of each for each directory. */
export class EntryBlocks {
  readonly #devices: Devices;
  readonly #wantXattrs: boolean;
  readonly #record: RecordBlocks | undefined;
  readonly #writer = new BlockWriter();
  readonly #directories: string[] = [];
  readonly #lengths: number[] = [];
  readonly #areLinked: boolean[] = [];
  readonly #likelyBytes: number;
  /** Lent, but for none: of what is as it was no line may be made. */
  #bytes: Buffer = Buffer.alloc(0);
  #used = 0;
  #directory: WalkedDirectory | undefined;
  /** Of the directory, where that is known. */
  #device: number | undefined;
  #hasLinked = false;

  /** `count`: of entries that it is likely to get. */
  constructor(devices: Devices, count: number, options: BlocksOptions) {
    this.#devices = devices;
    this.#wantXattrs = options.wantXattrs;
    this.#record = options.isRecorded ? new RecordBlocks(count) : undefined;
    this.#likelyBytes = count * ENTRY_BYTES;
  }

  /** What follows lies in this directory. */
  enter(directory: WalkedDirectory, identity: DirectoryIdentity): void {
    this.#close();
    this.#directory = directory;
    this.#device = identity?.device;
    const key = identity === undefined ? NO_KEY : identityKey(identity);
    this.#record?.enter(pathKey(directory.inTree), key);
  }

  file(name: string, file: LearntFile): void {
    const { status, size, digest, xattrs, lookedAt } = file;
    this.#addFile(name, status, file);
    if (xattrs === undefined || size !== status.size) return;
    if (this.#mayRecord(status, lookedAt))
      this.#record?.file(name, status, {
        ...{ size, digest, xattrs, hasXattrs: this.#wantXattrs, isSure: true },
      });
  }

  link(name: string, { status, target }: ReadLink, lookedAt: number): void {
    this.#writer.link(name, status, target);
    if (this.#mayRecord(status, lookedAt))
      this.#record?.link(name, status, { target, isSure: true });
  }

  /** One that was recorded, and that is what it was. */
  unchangedFile(
    name: string,
    status: FileStatus,
    { digest, xattrs, recorded }: Pick<KnownFile, 'digest' | 'xattrs' | 'recorded'>,
  ): void {
    const { size } = status;
    this.#addFile(name, status, { size, digest, xattrs });
    this.#record?.file(name, status, { size, digest, ...recorded });
  }

  /** An entry of a record that is what it was in every way. */
  same(name: string, entry: EntryAt): void {
    this.line(name, entry, this.#device!);
    this.#record?.copy(entry);
  }

  /** What a record says of an entry, only for the snapshot. */
  line(name: string, entry: EntryAt, device: number): void {
    const status = statusAt(entry.view, entry.at, device);
    if (isLink(entry)) {
      this.#writer.link(name, status, escapeName(tailIn(entry)));
      return;
    }
    const xattrs = this.#wantXattrs ? tailTextIn(entry) : '';
    this.#addFile(name, status, { size: status.size, digest: digestIn(entry), xattrs });
  }

  unchangedLink(
    name: string,
    status: FileStatus,
    link: Pick<KnownLink, 'target' | 'isSure'>,
  ): void {
    this.#writer.link(name, status, link.target);
    this.#record?.link(name, status, link);
  }

  #addFile(name: string, status: FileStatus, content: FileContent): void {
    this.#writer.file(name, status.links > 1 ? this.#linked(status) : status, content);
  }

  /** An entry says nothing of its device, so only one on that of its directory is recorded. */
  #mayRecord(status: FileStatus, lookedAt: number): boolean {
    if (this.#record === undefined || status.device !== (this.#device ?? status.device))
      return false;
    const { timesAreLocal } = this.#reliance(status);
    const look = { from: lookedAt, to: Date.now() };
    return !isRacy(status, look, timesAreLocal ? LOCAL_RACE_MS : REMOTE_RACE_MS);
  }

  #reliance({ device }: FileStatus): Reliance {
    return this.#devices.relianceOn(device, this.#directory!.directory);
  }

  missing(name: string, refusal: Refusal): void {
    this.#writer.missing(name, whyMissing(refusal));
  }

  /** The directory that was entered last, itself. */
  itself({ inTree, status, xattrs }: RecordedDirectory): void {
    this.#close();
    this.#writer.directory(inTree.slice(inTree.lastIndexOf('/') + 1), status, { xattrs });
    this.#close();
  }

  /** Gives up the lines of the directory that was entered last. */
  dropLines(): void {
    this.#writer.take();
    this.#hasLinked = false;
  }

  /** A block of an older record, as it is. */
  keep(block: Uint8Array): void {
    this.#record?.keep(block);
  }

  /** As of RecordBlocks. */
  mark(): number {
    return this.#record?.mark() ?? 0;
  }

  /** The same. */
  backTo(mark: number): void {
    this.#record?.backTo(mark);
  }

  take(): TaskBlocks {
    this.#close();
    const record = this.#record?.take();
    if (this.#used === 0 && record === undefined) return NO_BLOCKS;
    return {
      directories: this.#directories,
      bytes: this.#bytes.subarray(0, this.#used),
      lengths: this.#lengths,
      linked: this.#areLinked,
      record,
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
    const least = 2 * this.#bytes.length + room;
    const larger = lend(Math.max(least, this.#likelyBytes));
    this.#bytes.copy(larger, 0, 0, this.#used);
    giveBack(this.#bytes);
    this.#bytes = larger;
  }

  /** Of a file with other names. Without them where nobody can tell which they are. */
  #linked(status: FileStatus): FileStatus {
    if (!this.#reliance(status).inodesStay) return { ...status, links: 1 };
    this.#hasLinked = true;
    return status;
  }
}

/** Undefined where nothing is wanted of what is learnt. */
export function blocksFor(
  { wantBlocks, wantXattrs, record }: Pick<WorkerSetup, 'wantBlocks' | 'wantXattrs' | 'record'>,
  devices: Devices,
  count: number,
): EntryBlocks | undefined {
  if (!wantBlocks) return undefined;
  return new EntryBlocks(devices, count, { isRecorded: record?.isWanted ?? false, wantXattrs });
}
