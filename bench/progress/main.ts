/**
 * Is what progress shows true? Records every frame that a terminal is shown in real runs, and
 * prints a table of how far each was from what came out.
 *
 *   npm run bench:progress -- [DIR] [SCALE]
 *
 * The trees and the store are made below DIR (default: the folder for temporary files) and removed
 * at the end: 10 GB at scale 1. It needs script(1) of util-linux.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { lineOf } from '../../src/cli/fail.ts';
import { duration } from '../../src/units.ts';
import { runInPlace } from '../children.ts';
import { CORPORA, type CorpusDescription, scaled } from '../corpus/description.ts';
import { planCorpus } from '../corpus/plan.ts';
import { writeCorpus } from '../corpus/write.ts';
import { isTimeRight, type Judged, judge } from './errors.ts';
import { record } from './record.ts';

const SEED = 1;
const [on = os.tmpdir(), scale = '1'] = process.argv.slice(2);
const folder = fs.mkdtempSync(path.join(on, 'ingot-progress-'));
process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1));

const tree = path.join(folder, 'tree');
const store = path.join(folder, 'store');
const small = path.join(tree, 'small');
// Deeper than any other folder: a walk comes there last.
const large = path.join(tree, 'last/of/all/that/is/walked');

/** The share of a run's time at which the table shows the error. */
const MOMENTS = [0.1, 0.25, 0.5, 0.75, 0.9];

interface Scene {
  readonly name: string;
  /** Undefined: the store of the scene before is verified. */
  readonly source: string | undefined;
}

const SCENES: readonly Scene[] = [
  { name: 'small files', source: small },
  { name: 'large files', source: large },
  { name: 'small files, the large ones last', source: tree },
  { name: 'verify of the same', source: undefined },
];

async function make(description: CorpusDescription, at: string): Promise<void> {
  const wanted = scaled(description, Number(scale));
  await writeCorpus(at, planCorpus(wanted, SEED), wanted.folders, SEED);
}

async function run({ name, source }: Scene): Promise<string> {
  if (source !== undefined) fs.rmSync(store, { recursive: true, force: true });
  // Write-back of what was made or removed would run beside what is measured.
  runInPlace('sync', '-f', folder);
  const what = source === undefined ? ['verify'] : ['ingest', source];
  const recording = await record([...what, '--store', store]);
  const { entries, checked, bytesRead, bytes } = recording.report;
  const final = { count: Number(entries ?? checked), bytes: Number(bytesRead ?? bytes) };
  const judged = judge(recording, final);
  return [name, duration(recording.wallMs), ...figures(judged)].join(' | ');
}

function figures(judged: readonly Judged[]): string[] {
  const shown = judged.filter((frame) => frame.shown !== undefined);
  const first = shown[0];
  const worst = Math.max(...shown.map((frame) => Math.abs(frame.shown! - frame.truth)));
  const backwards = shown.filter((frame, at) => at > 0 && frame.shown! < shown[at - 1]!.shown!);
  const right = judged.filter(isTimeRight).length / judged.length;
  return [
    `${judged.length}`,
    first === undefined ? 'never' : `at ${percentOf(first.passed)}`,
    `${worst.toFixed(1)}`,
    `${backwards.length}`,
    percentOf(right),
    ...MOMENTS.map((moment) => ratioAt(judged, moment)),
  ];
}

function ratioAt(judged: readonly Judged[], moment: number): string {
  const ratio = judged.find(({ passed }) => passed >= moment)?.timeRatio;
  return ratio === undefined ? '–' : ratio.toFixed(2);
}

function percentOf(share: number): string {
  return `${Math.round(share * 100)} %`;
}

const HEAD = [
  ...['run', 'time', 'frames', 'percentage appears', 'its largest error, points', 'backwards'],
  'frames whose time left is right within 1.5',
  ...MOMENTS.map((moment) => `time left ÷ truth at ${percentOf(moment)}`),
];

try {
  await make(CORPORA.small!, small);
  await make(CORPORA.large!, large);
  process.stdout.write(`| ${HEAD.join(' | ')} |\n|${'---|'.repeat(HEAD.length)}\n`);
  for (const scene of SCENES) process.stdout.write(`| ${await run(scene)} |\n`);
} catch (error) {
  process.stderr.write(`bench: ${lineOf(error)}\n`);
  process.exitCode = 1;
}
