/** What was measured several times: on a noisy machine one figure says little. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  /** A quarter of the values lies at or below it. */
  readonly lowerQuartile: number;
  /** A quarter of the values lies at or above it. */
  readonly upperQuartile: number;
  readonly max: number;
  /** How often it was measured, at least once. */
  readonly samples: number;
}

/** The spread of at least one value. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const samples = sorted.length;
  const half = samples >> 1;
  const upper = sorted[half]!;
  const median = samples % 2 === 1 ? upper : (sorted[half - 1]! + upper) / 2;
  const quarter = Math.floor((samples - 1) / 4);
  return {
    median,
    min: sorted[0]!,
    lowerQuartile: sorted[quarter]!,
    upperQuartile: sorted[samples - 1 - quarter]!,
    max: sorted.at(-1)!,
    samples,
  };
}
