/** What a re-ingest of very many files takes. */
import { type CorpusDescription, tinyFiles } from '../corpus/description.ts';
import { firstIngest } from '../ingot.ts';
import { measure } from '../method.ts';
import type { Row } from '../results.ts';
import { wordsFor } from '../snapshot/trees.ts';
import { ingestAgain } from './places.ts';
import { type AgainContext, ownRow } from './state.ts';

export const MANY: CorpusDescription = tinyFiles(1_000_000);

const GOAL = { mustPeakBytes: 350e6, aimPeakBytes: 150e6 };

/** Once: it runs long enough to calm itself. */
export async function manyRow(given: AgainContext): Promise<Row> {
  const { tree, facts } = await given.corpora.make(MANY);
  const context = { ...given, tree, corpus: facts };
  await context.settle();
  await measure(firstIngest(context));
  const sample = await measure(ingestAgain(context, tree));
  given.corpora.drop(MANY);
  const row = ownRow(`unchanged, ${wordsFor(MANY, facts)}`, [sample]);
  return { ...row, figures: GOAL };
}
