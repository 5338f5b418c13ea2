/**
 * How everything here is measured: whole processes in alternation (A B A B …), so that a change
 * of the machine's mood meets all contenders alike; a warm-up of each that does not count; what
 * prepares a run is outside the measured time; medians with minimum and maximum.
 */
import fs from 'node:fs';
import { failed, IngotError } from '../src/errors.ts';
import { CHILD_FAILED, type ChildOptions, type Command, runChild } from './children.ts';
import type { Spread } from './results.ts';

/** Above this share of the median, the distance of the fastest from the slowest run is noise. */
const NOISY = 0.2;

export interface Sample {
  readonly seconds: number;
  /** Undefined without GNU time. */
  readonly peakRssBytes?: number;
  readonly stdout: string;
}

export interface Contender extends ChildOptions {
  readonly command: Command;
  /** Before each run, unmeasured: a fresh store, caches. */
  readonly prepare?: () => void | Promise<void>;
  /** What the run takes instead of the whole process' time, read from its stdout; in seconds. */
  readonly secondsIn?: (stdout: string) => number;
  /** Exit codes of a run that counts. Default: 0. */
  readonly accepts?: readonly number[];
  /** After each run, unmeasured: throws an IngotError when it did not do what it was to do. */
  readonly check?: (stdout: string) => void;
}

/** A contender, or what it is in each round; -1 is the warm-up. */
export type Turn = Contender | ((round: number) => Contender);

const GNU_TIME = '/usr/bin/time';
const hasGnuTime = fs.existsSync(GNU_TIME);

/** Runs a contender once. Throws an IngotError when it fails. */
export async function measure(contender: Contender): Promise<Sample> {
  await contender.prepare?.();
  const { command, secondsIn, accepts = [0] } = contender;
  const timed: Command = hasGnuTime ? [GNU_TIME, '-q', '-f', '%M', ...command] : command;
  const begun = process.hrtime.bigint();
  const { code, signal, stdout, stderr } = await runChild(timed, contender);
  const seconds = Number(process.hrtime.bigint() - begun) / 1e9;
  const said = stderr.trimEnd().split('\n');
  const peakKiB = hasGnuTime ? Number(said.pop()) : Number.NaN;
  if (code === null || !accepts.includes(code))
    throw failure(contender, code ?? signal, said.join(' ').trim());
  contender.check?.(stdout);
  return {
    seconds: secondsIn?.(stdout) ?? seconds,
    ...(Number.isFinite(peakKiB) && { peakRssBytes: peakKiB * 1024 }),
    stdout,
  };
}

/**
 * Runs all contenders in turn, `rounds` times after a warm-up. Gives the samples of each, in its
 * rounds' order. Throws the first failure.
 */
export async function alternate(
  contenders: readonly Contender[],
  rounds: number,
  { warmUp = true }: { readonly warmUp?: boolean } = {},
): Promise<Sample[][]> {
  const samples: Sample[][] = contenders.map(() => []);
  for (let round = warmUp ? -1 : 0; round < rounds; round++)
    for (const [index, contender] of contenders.entries()) {
      const sample = await measure(contender);
      if (round >= 0) samples[index]!.push(sample);
    }
  return samples;
}

/** What ours is held against: the samples, or why it failed. */
export type Reference = { readonly samples: Sample[] } | { readonly lack: string };

/**
 * Runs ours and its references in turn, as `alternate` does. A reference that fails drops out, and
 * the others go on; a failure of ours is thrown.
 */
export async function alternateBeside(
  ours: Turn,
  references: readonly Turn[],
  rounds: number,
): Promise<{ readonly samples: Sample[]; readonly references: readonly Reference[] }> {
  const samples: Sample[] = [];
  const outcomes: Reference[] = references.map(() => ({ samples: [] }));
  for (let round = -1; round < rounds; round++) {
    const sample = await measure(contenderIn(round, ours));
    if (round >= 0) samples.push(sample);
    for (const [index, reference] of references.entries()) {
      const outcome = outcomes[index]!;
      if ('lack' in outcome) continue;
      const theirs = await measureReference(contenderIn(round, reference));
      if ('lack' in theirs) outcomes[index] = theirs;
      else if (round >= 0) outcome.samples.push(theirs);
    }
  }
  return { samples, references: outcomes };
}

function contenderIn(round: number, turn: Turn): Contender {
  return typeof turn === 'function' ? turn(round) : turn;
}

/** A reference alone, after a warm-up. */
export async function repeatReference(reference: Contender, rounds: number): Promise<Reference> {
  const samples: Sample[] = [];
  for (let round = -1; round < rounds; round++) {
    const sample = await measureReference(reference);
    if ('lack' in sample) return sample;
    if (round >= 0) samples.push(sample);
  }
  return { samples };
}

/** One run, or why it failed. */
async function measureReference(reference: Contender): Promise<Sample | { readonly lack: string }> {
  try {
    return await measure(reference);
  } catch (thrown) {
    const error = failed('it cannot be run', thrown);
    if (!(error instanceof IngotError)) throw error;
    return { lack: `failed: ${error.why ?? error.message}` };
  }
}

/** Throws a RangeError without values. */
export function spreadOf(values: readonly number[]): Spread {
  if (values.length === 0) throw new RangeError('no values');
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const odd = sorted.length % 2 === 1;
  const median = odd ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
  return { min: sorted[0]!, median, max: sorted.at(-1)!, runs: sorted.length };
}

export function secondsOf(samples: readonly Sample[]): Spread {
  return spreadOf(samples.map(({ seconds }) => seconds));
}

/** Our time ÷ theirs, of the two runs of each round. */
export function ratioOf(ours: readonly Sample[], theirs: readonly Sample[]): Spread {
  return spreadOf(ours.map(({ seconds }, round) => seconds / theirs[round]!.seconds));
}

/** The run in the middle; of an even number the faster of the two. */
export function medianSample(samples: readonly Sample[]): Sample {
  const sorted = [...samples].sort((a, b) => a.seconds - b.seconds);
  return sorted[(sorted.length - 1) >> 1]!;
}

export function peakRssOf(samples: readonly Sample[]): number | undefined {
  const peaks = samples.flatMap(({ peakRssBytes }) => peakRssBytes ?? []);
  return peaks.length === 0 ? undefined : Math.max(...peaks);
}

/** The distance of the fastest from the slowest run, as a share of the median. */
export function noiseOf({ min, median, max }: Spread): number {
  return median > 0 ? (max - min) / median : 0;
}

export function isNoisy(spread: Spread): boolean {
  return noiseOf(spread) > NOISY;
}

function failure(
  { command, failsAs = CHILD_FAILED }: Contender,
  end: number | string | null,
  why: string,
): IngotError {
  return new IngotError({
    what: `${command.join(' ')} failed`,
    code: failsAs,
    why: why === '' ? `it ended with ${end}` : why,
  });
}
