/** One run of the benchmark: room, disk, trees, questions, results. */
import os from 'node:os';
import path from 'node:path';
import { lineOf } from '../src/cli/fail.ts';
import { UsageError } from '../src/errors.ts';
import type { Settings } from './command-line.ts';
import { Corpora } from './corpus/corpora.ts';
import { CORPORA } from './corpus/description.ts';
import { checkRoom, type Demand } from './disk-check.ts';
import { findingOf } from './finding.ts';
import { describeMachine } from './machine.ts';
import { factsOf } from './measured-tree.ts';
import { isNoisy } from './method.ts';
import { makeOwnDisk } from './own-disk.ts';
import { dropCachesLack } from './prepare.ts';
import type { Context, Need, Question } from './question.ts';
import { type DiskSize, imageBytes, MEMORY, makeQuietDisk, quietDiskLack } from './quiet-disk.ts';
import { ReportFolder } from './report-folder.ts';
import type { Answer, Row } from './results.ts';
import { inodesFor, roomFor } from './room.ts';
import { tableOf } from './table.ts';

export interface Hooks {
  /** A line on stderr. */
  note(text: string): void;
  /** A table on stdout. */
  print(text: string): void;
  /** Called once for each thing that has to be gone in the end, whatever that end is. */
  onMade(made: { remove(): void }): void;
}

/** Where results.json and report.html go, below the current directory. */
const REPORT_FOLDER = 'bench-report';

/** Answers the questions. False when one of them could not be answered at all. */
export async function runBench(settings: Settings, hooks: Hooks): Promise<boolean> {
  const begunAt = new Date().toISOString();
  checkCold(settings);
  const report = new ReportFolder(REPORT_FOLDER);
  hooks.onMade(report);
  const quietLack = settings.on === undefined ? quietDiskLack() : undefined;
  const isQuiet = settings.on === undefined && quietLack === undefined;
  const on = settings.on ?? os.tmpdir();
  const parent = corporaParent(settings, isQuiet, on);
  const corpora = new Corpora({ ...settings, parent });
  hooks.onMade(corpora);
  const need = await needOf(settings, corpora);
  const size = sizeFor(settings.questions, need);
  const arenaDemand = isQuiet ? quietDemand(size) : { folder: on, ...size };
  checkRoom(demandsOf(settings, need, arenaDemand, parent));
  // Of a run that cannot begin only the reason is told.
  if (quietLack !== undefined)
    hooks.note(`no quiet disk (${quietLack}): measuring below ${os.tmpdir()}`);
  const arena = isQuiet ? makeQuietDisk(size) : makeOwnDisk(on);
  hooks.onMade(arena);
  const tree = settings.tree ?? (await corpora.make(CORPORA[settings.corpus]!)).tree;
  const context: Context = {
    ...need,
    arena,
    tree: path.resolve(tree),
    cold: settings.cold,
    note: hooks.note,
  };
  const machine = describeMachine(arena, settings.cold);
  const answers: Answer[] = [];
  let complete = true;
  for (const question of settings.questions) {
    const { answer, isWhole } = await answerOf(question, context, hooks);
    complete &&= isWhole;
    answers.push(answer);
    // After each one: whatever ends the next, what is known is kept.
    report.write({ format: 1, begunAt, machine, corpus: need.corpus, answers });
  }
  return complete;
}

function checkCold({ cold }: Settings): void {
  const lack = cold ? dropCachesLack() : undefined;
  if (lack !== undefined)
    throw new UsageError({ what: 'cannot use --cold', code: 'INGOT_USAGE', why: lack });
}

/** In memory beside a quiet disk; but what lies there cannot be dropped from the page cache. */
function corporaParent({ corpora, cold }: Settings, isQuiet: boolean, on: string): string {
  if (corpora !== undefined) return corpora;
  if (!isQuiet) return on;
  return cold ? os.tmpdir() : MEMORY;
}

async function needOf(settings: Settings, corpora: Corpora): Promise<Need> {
  const { tree, corpus, rounds, threads, huge, peers } = settings;
  const facts =
    tree === undefined ? corpora.facts(CORPORA[corpus]!) : await factsOf(path.resolve(tree));
  return { corpus: facts, rounds, threads, peers, huge, corpora };
}

function inodesOf(question: Question, need: Need): number {
  return question.inodes?.(need) ?? inodesFor(need.corpus.files) * 3;
}

/** A disk on which every question has room, one after the other. */
function sizeFor(questions: readonly Question[], need: Need): DiskSize {
  return {
    bytes: Math.max(...questions.map((question) => question.room(need))),
    inodes: Math.max(20_000, ...questions.map((question) => inodesOf(question, need))),
  };
}

function quietDemand(size: DiskSize) {
  return { folder: MEMORY, bytes: imageBytes(size), inodes: 2 };
}

/** What the arena takes, and the trees: the corpus, and one of a question's own at a time. */
export function demandsOf(
  { questions, tree }: Settings,
  need: Need,
  arena: Omit<Demand, 'by'>,
  parent: string,
): Demand[] {
  const own = tree === undefined ? [need.corpus] : [];
  const others = questions.flatMap((question) =>
    (question.corpora?.(need) ?? []).map((description) => need.corpora.facts(description)),
  );
  const trees = [
    own,
    ...others.map((facts) => [...own.filter(({ name }) => name !== facts.name), facts]),
  ];
  return [
    { ...arena, by: 'the stores' },
    {
      folder: parent,
      bytes: Math.max(...trees.map((facts) => sum(facts.map(roomFor)))),
      inodes: Math.max(...trees.map((facts) => sum(facts.map(({ files }) => inodesFor(files))))),
      by: 'the trees',
    },
  ];
}

async function answerOf(
  question: Question,
  context: Context,
  { note, print }: Hooks,
): Promise<{ answer: Answer; isWhole: boolean }> {
  note(`${question.name} ...`);
  const rows: Row[] = [];
  let isWhole = true;
  try {
    for await (const row of question.run(context)) rows.push(row);
  } catch (error) {
    isWhole = false;
    rows.push({ label: question.name, parameters: {}, absent: `failed: ${lineOf(error)}` });
  }
  for (const description of question.corpora?.(context) ?? []) context.corpora.drop(description);
  const { name, asks, method } = question;
  const answer = { question: name, asks, finding: findingOf(question, rows), method, rows };
  print(tableOf(answer));
  tellNoise(answer, note);
  return { answer, isWhole };
}

/** Numbers of a machine that was busy are shown, and doubted. */
export function tellNoise({ question, rows }: Answer, note: Hooks['note']): void {
  const noisy = rows.filter(({ seconds }) => seconds !== undefined && isNoisy(seconds));
  if (noisy.length === 0) return;
  const labels = noisy.map(({ label }) => label).join('; ');
  note(`${question}: the machine was noisy, a spread above 20 %: ${labels}`);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
