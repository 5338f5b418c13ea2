import type { Counts } from './estimate.ts';

/** How fast a run goes; undefined until enough was seen. */
export interface Speed {
  readonly perSecond: number | undefined;
  readonly bytesPerSecond: number | undefined;
}

type Sample = Pick<Counts, 'done' | 'bytes' | 'elapsedMs'>;

/** Long enough to even out a mix of sizes, short enough to follow a change of it. */
const WINDOW_MS = 12_000;
/** A rate from less time than this says nothing. */
const ENOUGH_MS = 1_000;
/** Samples closer together than this replace each other: at most 60 are kept. */
const SPACING_MS = 200;

/** Rates over a recent window. */
export class Rates {
  readonly #samples: Sample[] = [];

  /** Takes the state of a run; counts and time only grow. */
  add(sample: Sample): void {
    const samples = this.#samples;
    const before = samples.at(-2);
    if (before !== undefined && sample.elapsedMs - before.elapsedMs < SPACING_MS) samples.pop();
    samples.push(sample);
    while (samples.length > 2 && sample.elapsedMs - samples[1]!.elapsedMs >= WINDOW_MS)
      samples.shift();
  }

  get speed(): Speed {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    const spanMs = first === undefined || last === undefined ? 0 : last.elapsedMs - first.elapsedMs;
    if (first === undefined || last === undefined || spanMs < ENOUGH_MS)
      return { perSecond: undefined, bytesPerSecond: undefined };
    return {
      perSecond: rate(last.done - first.done, spanMs),
      bytesPerSecond:
        last.bytes === undefined ? undefined : rate(last.bytes - (first.bytes ?? 0), spanMs),
    };
  }
}

function rate(amount: number, spanMs: number): number {
  return (Math.max(0, amount) * 1000) / spanMs;
}
