import type { Digest } from '../../digest.ts';
import type { ReadLink } from '../../sources/source-directory.ts';
import type { Refusal } from '../../sources/source-file.ts';
import { LARGE, NO_BLOCKS, type Problem, type TaskDone, UNREAD } from '../messages.ts';
import { CODE } from '../outcome.ts';
import type { EntryBlocks } from './entry-blocks.ts';

export type BatchOutcome = Omit<TaskDone, 'status' | 'cost'>;

/** How the entries of a batch end. */
export class BatchResult {
  readonly #outcomes: Uint8Array;
  readonly #sizes: Float64Array;
  readonly #owners: Int32Array;
  readonly #digests: Digest[] = [];
  readonly #problems: Problem[] = [];
  /** Undefined where nobody wants them. */
  readonly blocks: EntryBlocks | undefined;

  constructor(count: number, blocks: EntryBlocks | undefined) {
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

  refuse(index: number, name: string, refusal: Refusal): void {
    this.#outcomes[index] = CODE[refusal.outcome];
    this.#problems.push({ index, ...refusal });
    this.blocks?.missing(name, refusal);
  }

  link(index: number, name: string, link: ReadLink): void {
    this.#outcomes[index] = CODE.link;
    this.blocks?.link(name, link);
  }

  /** `owner`: the other task whose claim a duplicate relies on, else 0. */
  stored(index: number, digest: Digest, size: number, owner: number, isThere: boolean): void {
    this.#outcomes[index] = isThere ? CODE.duplicate : CODE.new;
    this.#sizes[index] = size;
    this.#digests[index] = digest;
    this.#owners[index] = owner;
  }

  /** `there`: what a commit has found there, which was not new. */
  take(there: readonly Digest[], wantDigests: boolean): BatchOutcome {
    this.#settle(there);
    return {
      outcomes: this.#outcomes,
      sizes: this.#sizes,
      owners: this.#owners.every((owner) => owner === 0) ? NO_OWNERS : this.#owners,
      digests: wantDigests ? this.#joinedDigests() : '',
      problems: this.#problems,
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

const NO_DIGEST = ' '.repeat(64);
const NO_OWNERS = new Int32Array(0);
