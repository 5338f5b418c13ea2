import path from 'node:path';
import { IngotError } from '../../src/errors.ts';
import type { GcReport } from '../../src/index.ts';
import { bytes, count, counted } from '../../src/units.ts';
import { withGoal } from '../again/state.ts';
import { buildProgram } from '../c-program.ts';
import { CHILD_FAILED, type Command } from '../children.ts';
import { tinyFiles } from '../corpus/description.ts';
import { listed, takes } from '../finding.ts';
import { FEW, gcCommand, listIn, makeStores, putBack, type StoreName } from '../gc/stores.ts';
import { storeIn } from '../ingot.ts';
import { alternateBeside, type Contender, peakRssOf, secondsOf } from '../method.ts';
import type { Context, Question } from '../question.ts';
import { referenceRow } from '../reference-row.ts';
import type { Row } from '../results.ts';
import { inodesFor, roomFor } from '../room.ts';

const MANY = { ...tinyFiles(1_000_000), name: 'tiny-1000000-to-lose' };

const GOALS = { half: { must: 1.5, aim: 1.1 }, few: { must: 3, aim: 1.5 } };

const READ_SEGMENTS = 'find "$1" -type f -exec cat {} + >/dev/null';

export const GC: Question = {
  name: 'gc',
  asks: 'How long does a gc take beside the least that has to be done?',
  method: `whole processes in turn, on a copy of the same store each; half of the objects go, beside a C program that unlinks the same names; ${FEW} objects go, beside a cat of all segments that snapshots need; ratio: ingot's time ÷ the other's, of the two runs of each round, which is to be \`must\` at most and to become \`aim\``,
  // A store to work on and one to copy of each state.
  room: ({ corpora }) => 3 * roomFor(corpora.facts(MANY)),
  inodes: ({ corpora }) => 3 * inodesFor(corpora.facts(MANY).files),
  corpora: () => [MANY],
  finding(rows) {
    const compared = rows.filter(({ ratio }) => ratio !== undefined);
    const peaks = rows.flatMap(({ label, peakRssBytes }) =>
      peakRssBytes === undefined ? [] : `${label}: ${bytes(peakRssBytes)} at the peak.`,
    );
    if (compared.length === 0) return undefined;
    const each = compared.map(({ ratio, label }) => takes(ratio!, label));
    return [`ingot gc takes ${listed(each)}.`, ...peaks].join(' ');
  },
  async *run(given) {
    const { tree, facts } = await given.corpora.make(MANY);
    const context = { ...given, tree, corpus: facts };
    await makeStores(context, MANY);
    given.corpora.drop(MANY);
    const store = storeIn(context);
    const unlink = await buildProgram('gc/unlink.c');
    const command: Command | Lack =
      'lack' in unlink ? unlink : [unlink.path, store, listIn(context)];
    const half = { store: 'half', objects: Math.ceil(facts.files / 2) } as const;
    yield* besideRows(context, half, { label: 'unlink.c of the same', command });
    const read: Command = ['sh', '-c', READ_SEGMENTS, 'sh', path.join(store, '.ingot/segments')];
    const few = { store: 'few', objects: FEW } as const;
    yield* besideRows(context, few, { label: 'cat of all segments', command: read });
  },
};

interface Lack {
  readonly lack: string;
}

async function* besideRows(
  context: Context,
  { store, objects }: { readonly store: StoreName; readonly objects: number },
  theirs: { readonly label: string; readonly command: Command | Lack },
): AsyncGenerator<Row> {
  const prepare = () => putBack(context, store);
  const slices: number[] = [];
  const ours: Contender = {
    command: gcCommand(context),
    prepare,
    check: (stdout) => slices.push(checked(stdout, objects)),
  };
  const { command } = theirs;
  const turns = 'lack' in command ? [] : [{ command, prepare }];
  const { samples, references } = await alternateBeside(ours, turns, context.rounds);
  const peakRssBytes = peakRssOf(samples);
  const parameters = { objects };
  yield {
    ...{ label: `ingot gc of ${counted(objects, 'object')}`, parameters },
    seconds: secondsOf(samples),
    ...(peakRssBytes !== undefined && { peakRssBytes }),
    figures: { longestSliceMs: Math.max(...slices) },
  };
  const reference = 'lack' in command ? command : references[0]!;
  const row = referenceRow({ label: theirs.label, parameters }, samples, reference);
  yield withGoal(row, GOALS[store]);
}

/** The longest slice, in milliseconds. Throws an IngotError unless so many objects went. */
function checked(stdout: string, expected: number): number {
  const { objects, longestSliceMs } = JSON.parse(stdout) as GcReport;
  if (objects === expected) return longestSliceMs;
  const why = `it took ${count(objects)} of ${counted(expected, 'object')}`;
  throw new IngotError({ what: 'ingot gc failed', code: CHILD_FAILED, why });
}
