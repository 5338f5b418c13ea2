import { errnoOf, SHORTAGES } from '../errors.ts';
import type { ReadCosts } from './cost.ts';
import type { Width } from './width.ts';

/** How often it looks whether it is wanted, in files. */
const LOOK_EVERY = 32;
/** Files that are read without it, to compare. */
const COMPARED = 64;

export interface AheadBounds {
  readonly width: Width;
  /** The most bytes that are asked for at a time. */
  readonly aheadBytes: number;
  /** True when the run ends early: what is not begun is given back. */
  stopped(): boolean;
}

/** Asks for the file of this index: gives its bytes, undefined when it is not asked for. */
export type AskFor = (index: number) => number | undefined;

/**
 * Which files of a batch are asked for before their turn, and when: many in a row, so that the disk
 * has as many requests at a time. What fails is passed over, and reading says why.
 */
export class BatchAhead {
  readonly #count: number;
  readonly #bounds: AheadBounds;
  readonly #costs: ReadCosts;
  /** The next file to ask for, by its index in the batch. */
  next = 0;
  /** At which file it has to look again. */
  #due = 0;
  /** Of each file; made when the first is asked for. */
  #wasAsked: Uint8Array | undefined;
  /** In this row. */
  #bytes = 0;
  /** When the reading of the current file began. */
  #begun = 0;

  /** `count`: of all files of the batch. */
  constructor(count: number, bounds: AheadBounds, costs: ReadCosts) {
    this.#count = count;
    this.#bounds = bounds;
    this.#costs = costs;
  }

  /** Before the file of this index is begun: asks for more where it is time for that. */
  before(index: number, ask: AskFor): void {
    if (!this.isDue(index)) return;
    this.row(index, (end) => {
      const last = Math.min(end, this.#count);
      while (this.next < last && this.hasRoom) this.one(ask);
    });
  }

  /** True when a row is to be asked for before the file of this index is begun. */
  isDue(index: number): boolean {
    if (index < this.#due) return false;
    this.#due = index + LOOK_EVERY;
    if (this.#bounds.width.files === 0) return false;
    this.next = Math.max(this.next, index);
    return true;
  }

  /** `askUpTo` asks for one after the other, up to an index that it is given, while there is room. */
  row(index: number, askUpTo: (end: number) => void): void {
    const { width } = this.#bounds;
    const begun = performance.now();
    this.#wasAsked ??= new Uint8Array(this.#count);
    this.#bytes = 0;
    const end = index + width.files;
    if (width.shallCompare) {
      this.next += COMPARED;
      width.compares();
    }
    try {
      askUpTo(end);
    } finally {
      this.#costs.ahead.ms += performance.now() - begun;
    }
    // The disk is busy with the rest while the next ones are asked for.
    this.#due = index + Math.max(1, (this.next - index) >> 1);
  }

  get hasRoom(): boolean {
    const { width, aheadBytes, stopped } = this.#bounds;
    return width.files > 0 && this.#bytes < aheadBytes && !stopped();
  }

  /** Asks for the next one. */
  one(ask: AskFor): void {
    const index = this.next++;
    const begun = performance.now();
    try {
      const bytes = ask(index);
      if (bytes === undefined) return;
      this.#bytes += bytes;
      this.#wasAsked![index] = 1;
      this.#bounds.width.asked(performance.now() - begun);
    } catch (error) {
      const code = errnoOf(error);
      if (code === undefined) throw error;
      if (SHORTAGES.has(code)) this.#bounds.width.end();
    }
  }

  /** A file is about to be opened; gives the time. */
  begins(): number {
    this.#bounds.width.begins();
    this.#begun = performance.now();
    return this.#begun;
  }

  /** It was read, and that ended at this time. */
  wasRead(index: number, bytes: number, at = performance.now()): void {
    const ms = at - this.#begun;
    const wasAsked = this.#wasAsked?.[index] === 1;
    this.#bounds.width.read(ms, bytes, wasAsked);
    const part = wasAsked ? this.#costs.ahead : this.#costs.notAhead;
    part.files++;
    part.ms += ms;
  }
}
