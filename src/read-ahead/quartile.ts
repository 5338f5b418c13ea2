/** Times that are judged together. */
const GROUP = 64;

/**
 * The upper quartile of one group of times after the other. Others on the machine hold up one read
 * in some hundred for long: that would move a mean, but not this.
 */
export class Quartile {
  readonly #times = new Float64Array(GROUP);
  #count = 0;
  /** Of the last group that was complete; 0 before there is one. */
  last = 0;

  /** True when a group is complete. */
  add(time: number): boolean {
    this.#times[this.#count++] = time;
    if (this.#count < GROUP) return false;
    this.last = this.#times.sort()[(GROUP * 3) / 4]!;
    this.#count = 0;
    return true;
  }

  /** Begins a new group. */
  clear(): void {
    this.#count = 0;
  }
}
