import { adviseBarrier, adviseDurability } from './advise-flush.ts';
import { adviseLayout } from './advise-layout.ts';
import { adviseReadAhead } from './advise-reads.ts';
import { adviseThreads } from './advise-threads.ts';
import type { Advice, Figures } from './report.ts';
import { warningsOf } from './warnings.ts';

/** What the figures mean for the options of an ingest, in words. A pure function. */
export function advise(figures: Figures): Advice {
  return {
    durability: adviseDurability(figures),
    barrier: adviseBarrier(figures),
    threads: adviseThreads(figures.rates),
    layout: adviseLayout(figures),
    readAhead: adviseReadAhead(figures),
    warnings: warningsOf(figures),
  };
}
