import type { Digest } from '../../digest.ts';
import type { FileStatus } from '../../native/file-status.ts';
import { digestIn, type EntryAt, isLink, sizeIn } from '../../record/entry.ts';
import type { KnownFile, KnownLink } from '../../record/known-entries.ts';
import type { ReadLink } from '../../sources/source-directory.ts';
import type { Refusal } from '../../sources/source-file.ts';
import type { EntryBlocks } from '../entry-blocks.ts';
import { LARGE, NO_BLOCKS, type Problem, type TaskDone, UNREAD } from '../messages.ts';
import { CODE } from '../outcome.ts';
import type { ListedDirectory } from '../packed-files.ts';
import type { PlaceInBatch } from './upcoming.ts';
import type { NamesInRecord, WholeDirectory } from './whole-directories.ts';

export type BatchOutcome = Omit<TaskDone, 'status' | 'cost'>;

/** How the entries of a batch end. */
export class BatchResult {
  readonly #outcomes: Uint8Array;
  readonly #sizes: Float64Array;
  readonly #owners: Int32Array;
  readonly #digests: Digest[] = [];
  readonly #problems: Problem[] = [];
  readonly #linked = new Map<number, string>();
  readonly #listed: ListedDirectory[] = [];
  readonly #pending: number[] = [];
  readonly #wantDigests: boolean;
  /** Undefined where nobody wants them. */
  readonly blocks: EntryBlocks | undefined;

  constructor(count: number, blocks: EntryBlocks | undefined, wantDigests: boolean) {
    this.#wantDigests = wantDigests;
    this.#outcomes = new Uint8Array(count).fill(UNREAD);
    this.#sizes = new Float64Array(count);
    this.#owners = new Int32Array(count);
    this.blocks = blocks;
  }

  /** A file that gets a task of its own, unless it turns out to be small. */
  large(index: number, size: number): void {
    this.#outcomes[index] = LARGE;
    this.#sizes[index] = size;
  }

  /** The same, which may have other names. */
  linked(index: number, status: FileStatus): void {
    if (status.links > 1) this.#linked.set(index, identityText(status));
  }

  refuse(index: number, name: string, refusal: Refusal): void {
    this.#outcomes[index] = CODE[refusal.outcome];
    this.#problems.push({ index, ...refusal });
    this.blocks?.missing(name, refusal);
  }

  link(index: number, name: string, link: ReadLink): void {
    this.#outcomes[index] = CODE.link;
    this.blocks?.link(name, link, Date.now());
  }

  /**
   * A directory of the batch, all of whose entries are what they were. Gives their bytes; undefined
   * where one is not, or nobody knows: then none has ended.
   */
  whole({ first, directory }: PlaceInBatch, { scan, places, isSame }: WholeDirectory) {
    const mark = this.blocks?.mark();
    let index = first;
    let bytes = 0;
    const isWhole = scan.each(places, {
      entry: (entry) => {
        if (!isSame(entry)) return false;
        bytes += this.#known(index++, entry);
        return true;
      },
      block: (block) => this.blocks?.keep(block),
    });
    if (isWhole) {
      this.#pending.push(directory);
      return bytes;
    }
    this.#outcomes.fill(UNREAD, first, index);
    this.#sizes.fill(0, first, index);
    this.blocks?.backTo(mark!);
    return undefined;
  }

  /** An entry of a record that is what it was in every way. Gives its bytes. */
  same(index: number, name: string, entry: EntryAt): number {
    if (this.#wantDigests && !isLink(entry)) this.#digests[index] = digestIn(entry);
    this.blocks?.same(name, entry);
    return this.#known(index, entry);
  }

  #known(index: number, entry: EntryAt): number {
    const isFile = !isLink(entry);
    const size = isFile ? sizeIn(entry) : 0;
    this.#outcomes[index] = isFile ? CODE.unchanged : CODE.link;
    this.#sizes[index] = size;
    return size;
  }

  /** The names of a directory of the batch that a record has, and whose entries end one by one. */
  listed(directory: number, names: NamesInRecord): void {
    this.#listed.push({ directory, ...names });
  }

  /** What the record has and the directory has not. */
  gone(index: number, path: string): void {
    this.#outcomes[index] = CODE.vanished;
    const failure = { what: 'a file has vanished', code: 'ENOENT', path };
    this.#problems.push({ index, failure });
  }

  unchangedFile(index: number, name: string, status: FileStatus, known: KnownFile): void {
    this.#outcomes[index] = CODE.unchanged;
    this.#sizes[index] = status.size;
    this.#digests[index] = known.digest;
    this.blocks?.unchangedFile(name, status, known);
  }

  unchangedLink(index: number, name: string, status: FileStatus, known: KnownLink): void {
    this.#outcomes[index] = CODE.link;
    this.blocks?.unchangedLink(name, status, known);
  }

  /** `owner`: the other task whose claim a duplicate relies on, else 0. */
  stored(index: number, digest: Digest, size: number, owner: number, isThere: boolean): void {
    this.#outcomes[index] = isThere ? CODE.duplicate : CODE.new;
    this.#sizes[index] = size;
    this.#digests[index] = digest;
    this.#owners[index] = owner;
  }

  /** `there`: what a commit has found there, which was not new. */
  take(there: readonly Digest[], { isCutOff }: Pick<TaskDone, 'isCutOff'>): BatchOutcome {
    this.#settle(there);
    return {
      outcomes: this.#outcomes,
      sizes: this.#sizes,
      owners: this.#owners.every((owner) => owner === 0) ? NO_OWNERS : this.#owners,
      digests: this.#wantDigests ? this.#joinedDigests() : '',
      problems: this.#problems,
      linked: this.#linked,
      isCutOff,
      listed: this.#listed,
      pending: this.#pending,
      blocks: this.blocks?.take() ?? NO_BLOCKS,
    };
  }

  #settle(there: readonly Digest[]): void {
    if (there.length === 0) return;
    const wereThere = new Set<string | undefined>(there);
    for (const [index, code] of this.#outcomes.entries())
      if (code === CODE.new && wereThere.has(this.#digests[index]))
        this.#outcomes[index] = CODE.duplicate;
  }

  #joinedDigests(): string {
    let joined = '';
    for (let index = 0; index < this.#outcomes.length; index++)
      joined += this.#digests[index] ?? NO_DIGEST;
    return joined;
  }
}

/** Exact for inodes above 2^53, too. */
function identityText({ device, inode, inodeLow }: FileStatus): string {
  return `${device}:${inode}:${inodeLow}`;
}

const NO_DIGEST = ' '.repeat(64);
const NO_OWNERS = new Int32Array(0);
