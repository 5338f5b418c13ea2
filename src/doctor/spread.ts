/** What was measured several times: on a noisy machine one figure says little. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** How often it was measured, at least once. */
  readonly samples: number;
}

/** The spread of at least one value. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  const upper = sorted[half]!;
  const median = sorted.length % 2 === 1 ? upper : (sorted[half - 1]! + upper) / 2;
  return { median, min: sorted[0]!, max: sorted.at(-1)!, samples: sorted.length };
}

/** How far apart the values lie, as a share of their median. */
export function noiseOf({ median, min, max }: Spread): number {
  return median > 0 ? (max - min) / median : 0;
}
