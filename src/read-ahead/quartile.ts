/** Times that are judged together. */
export const GROUP = 64;
/** Of a new group among those before it: one alone says little. */
const WEIGHT = 1 / 4;

/**
 * The upper quartile of one group of times after the other. Others on the machine hold up one read
 * in some hundred for long: that would move a mean, but not this.
 */
export class Quartile {
  readonly #times = new Float64Array(GROUP);
  #count = 0;
  /** Of the last group that was complete; 0 before there is one. */
  last = 0;
  /** Of all groups so far: a new one weighs a quarter. */
  mean = 0;

  /** True when a group is complete. */
  add(time: number): boolean {
    this.#times[this.#count++] = time;
    if (this.#count < GROUP) return false;
    this.last = this.#times.sort()[(GROUP * 3) / 4]!;
    this.mean = this.mean === 0 ? this.last : this.mean + (this.last - this.mean) * WEIGHT;
    this.#count = 0;
    return true;
  }

  /** Begins a new group. */
  clear(): void {
    this.#count = 0;
  }

  /** Begins anew. */
  forget(): void {
    this.clear();
    this.mean = 0;
  }
}
