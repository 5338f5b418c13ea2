/** The yardstick: limit.c, the least work that an ingest can do. */
import path from 'node:path';
import { buildProgram, type Program } from './c-program.ts';
import { alternateBeside, type Contender, type Reference, type Sample } from './method.ts';
import type { Candidate } from './peers/candidate.ts';
import { dropCachesIfCold } from './prepare.ts';
import type { Context, Need } from './question.ts';
import { referenceRow } from './reference-row.ts';
import type { Row } from './results.ts';

/** `tmpfile`: as `none`, with nameless files that are linked, the stricter floor. */
export type LimitMode = 'none' | 'tmpfile' | 'syncfs' | 'hash';

export interface LimitRun {
  readonly mode: LimitMode;
  /** The tree that it reads. */
  readonly tree: string;
  /** Files that it makes durable at a time. */
  readonly batch: number;
  readonly prepare?: () => void;
}

export const LIMIT_METHOD =
  "whole processes in turn; ratio: ingot's time ÷ that of limit.c, of the two runs of each round";

/** It has an array of so many. */
const MAX_THREADS = 64;

/** limit.c, or why it cannot do with as many threads as ingot has. */
export async function limitProgram({ threads }: Pick<Need, 'threads'>): Promise<Program> {
  if (threads > MAX_THREADS) return { lack: `limit.c has at most ${MAX_THREADS} threads` };
  return await buildProgram('limit.c');
}

export interface BesideLimit {
  readonly samples: Sample[];
  /** Of each limit run; says why when limit.c cannot be run or fails. */
  readonly rows: readonly Row[];
  readonly others: readonly Reference[];
}

/** Runs ours, limit.c and the others in turn. */
export async function besideLimit(
  context: Context,
  ours: Contender,
  limits: readonly LimitRun[],
  others: readonly Contender[] = [],
): Promise<BesideLimit> {
  const program = await limitProgram(context);
  const runs =
    'lack' in program ? [] : limits.map((run) => contenderOf(context, program.path, run));
  const { samples, references } = await alternateBeside(ours, [...others, ...runs], context.rounds);
  const rows = limits.map((run, index): Row => {
    const theirs = 'lack' in program ? program : references[others.length + index]!;
    return referenceRow(headOf(run), samples, theirs, context.corpus);
  });
  return { samples, rows, others: references.slice(0, others.length) };
}

/** One run of limit.c, to be held against in turn with others. */
export async function limitCandidate(context: Context, run: LimitRun): Promise<Candidate> {
  const [head, program] = [headOf(run), await limitProgram(context)];
  if ('lack' in program) return { head, lack: program.lack };
  return { head, turn: contenderOf(context, program.path, run) };
}

function contenderOf(context: Context, program: string, run: LimitRun): Contender {
  const { mode, tree, batch, prepare } = run;
  const store = path.join(context.arena.path, 'limit');
  const command = [program, tree, store, mode, `${context.threads}`, `${batch}`] as const;
  return { command, prepare: prepare ?? (() => dropCachesIfCold(context)) };
}

function headOf({ mode, batch }: LimitRun) {
  return { label: `limit.c ${mode}`, parameters: { mode, batch } };
}
