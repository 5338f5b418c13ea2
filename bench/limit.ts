/** The yardstick: limit.c, the least work that an ingest can do. */
import path from 'node:path';
import { buildProgram, type Program } from './c-program.ts';
import { ratesOf } from './ingot.ts';
import {
  alternate,
  alternateBeside,
  type Contender,
  type Reference,
  ratioOf,
  type Sample,
  secondsOf,
} from './method.ts';
import { dropCachesIfCold } from './prepare.ts';
import type { Context, Need } from './question.ts';
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

/**
 * Runs ours and limit.c in turn. Gives our samples and a row for each limit run, which says why
 * when limit.c cannot be run or fails.
 */
export async function besideLimit(
  context: Context,
  ours: Contender,
  limits: readonly LimitRun[],
): Promise<{ readonly samples: Sample[]; readonly rows: readonly Row[] }> {
  const program = await limitProgram(context);
  if ('lack' in program) {
    const [samples = []] = await alternate([ours], context.rounds);
    return { samples, rows: limits.map((run) => ({ ...headOf(run), absent: program.lack })) };
  }
  const contenders = limits.map((run) => contenderOf(context, program.path, run));
  const { samples, references } = await alternateBeside(ours, contenders, context.rounds);
  const rows = limits.map((run, index) => limitRow(context, run, samples, references[index]!));
  return { samples, rows };
}

function contenderOf(context: Context, program: string, run: LimitRun): Contender {
  const { mode, tree, batch, prepare } = run;
  const store = path.join(context.arena.path, 'limit');
  const command = [program, tree, store, mode, `${context.threads}`, `${batch}`] as const;
  return { command, prepare: prepare ?? (() => dropCachesIfCold(context)) };
}

function limitRow(
  { corpus }: Context,
  run: LimitRun,
  ours: readonly Sample[],
  theirs: Reference,
): Row {
  const head = headOf(run);
  if ('lack' in theirs) return { ...head, absent: theirs.lack };
  const seconds = secondsOf(theirs.samples);
  return {
    ...head,
    seconds,
    ...ratesOf(corpus.files, corpus.bytes, seconds.median),
    ratio: { ...ratioOf(ours, theirs.samples), to: head.label },
  };
}

function headOf({ mode, batch }: LimitRun) {
  return { label: `limit.c ${mode}`, parameters: { mode, batch } };
}
