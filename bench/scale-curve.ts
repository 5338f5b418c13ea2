/** What a file costs in a tree of so many. */
export interface CostAt {
  readonly files: number;
  readonly cost: number;
}

/** A file that costs less than so much more than the least says nothing. */
const BENT = 1.25;

/** The first size at which a file costs markedly more than at the cheapest smaller size. */
export function bendOf(curve: readonly CostAt[]): { files: number; growth: number } | undefined {
  let least = Number.POSITIVE_INFINITY;
  for (const { files, cost } of [...curve].sort((a, b) => a.files - b.files)) {
    if (cost >= least * BENT) return { files, growth: cost / least };
    least = Math.min(least, cost);
  }
  return undefined;
}
