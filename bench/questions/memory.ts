import { bytes, counted } from '../../src/units.ts';
import { tinyFiles } from '../corpus/description.ts';
import { someFloorTimes } from '../floors/measure-floors.ts';
import { FLOORS_OF } from '../floors/times.ts';
import { firstIngest, ingestRow } from '../ingot.ts';
import { measure } from '../method.ts';
import type { Question } from '../question.ts';
import { ratio } from '../report/numbers.ts';
import { inodesFor, roomFor } from '../room.ts';

const SIZES = [100_000, 1_000_000].map(tinyFiles);
const MOST = SIZES.at(-1)!;

export const MEMORY_GROWTH: Question = {
  name: 'memory',
  asks: 'Does memory grow with the number of files?',
  method: 'peak resident memory of one whole process each, trees of tiny distinct files',
  room: ({ corpora }) => roomFor(corpora.facts(MOST)),
  inodes: ({ corpora }) => inodesFor(corpora.facts(MOST).files),
  corpora: () => SIZES,
  finding(rows) {
    const [few, many] = rows.filter(({ peakRssBytes }) => peakRssBytes !== undefined);
    if (few === undefined || many === undefined) return undefined;
    const [less, more] = [few.peakRssBytes!, many.peakRssBytes!];
    return `${many.label} take ${bytes(more)} at the peak, ${ratio(more / less)} times the ${bytes(less)} of ${few.label}.`;
  },
  async *run(given) {
    let before: number | undefined;
    for (const description of SIZES) {
      const { tree, facts } = await given.corpora.make(description);
      const context = { ...given, tree, corpus: facts, rounds: 1 };
      const sample = await measure(firstIngest(context));
      const times = await someFloorTimes(context, FLOORS_OF.group);
      const head = { label: counted(facts.files, 'file'), parameters: { files: facts.files } };
      const row = ingestRow(head, [sample], times, FLOORS_OF.group);
      const growth = (sample.peakRssBytes ?? 0) / (before ?? Number.NaN);
      yield Number.isFinite(growth) ? { ...row, figures: { peakRssGrowth: growth } } : row;
      before = sample.peakRssBytes;
      given.corpora.drop(description);
    }
  },
};
