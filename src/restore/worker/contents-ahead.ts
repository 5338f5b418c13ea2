import { BatchAhead } from '../../read-ahead/batch-ahead.ts';
import { type AheadCost, noReads } from '../../read-ahead/cost.ts';
import type { RestoreSetup } from '../messages.ts';
import { KIND, type PackedEntries, Unpacker } from '../packed-entries.ts';
import { SMALL_FILE_BYTES, type Thread } from './thread.ts';

/** Asks for the contents of the next files of a batch: the small ones, which are read whole. */
export class ContentsAhead {
  readonly #packed: PackedEntries;
  readonly #thread: Thread;
  readonly #batch: BatchAhead;
  readonly #costs = noReads();
  /** Stands at the entry that was asked for last; made when the first is. */
  #upcoming: Unpacker | undefined;

  constructor(packed: PackedEntries, { readAhead }: RestoreSetup, thread: Thread) {
    const { width, stop } = thread;
    const stopped = () => Atomics.load(stop, 0) !== 0;
    const bounds = { width, aheadBytes: readAhead.bytes, stopped };
    this.#packed = packed;
    this.#thread = thread;
    this.#batch = new BatchAhead(packed.count, bounds, this.#costs);
  }

  get cost(): AheadCost {
    return { ...this.#costs, aheadWidth: this.#thread.width.widest };
  }

  /** Before the entry of this index is begun. */
  before(index: number): void {
    if (this.#thread.reader.ask !== undefined) this.#batch.before(index, this.#ask);
  }

  /** A content is about to be opened. */
  begins(): void {
    this.#batch.begins();
  }

  /** It was read just now. */
  wasRead(index: number, bytes: number): void {
    this.#batch.wasRead(index, bytes);
  }

  readonly #ask = (index: number): number | undefined => {
    this.#upcoming ??= new Unpacker(this.#packed);
    const entry = this.#upcoming;
    while (entry.index < index) entry.advance();
    if (entry.kind !== KIND.file || entry.size > SMALL_FILE_BYTES) return undefined;
    return this.#thread.reader.ask!(entry.digest, SMALL_FILE_BYTES);
  };
}
