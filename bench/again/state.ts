/** One state in which a tree is ingested again, as rows: ours, and each that it is held against. */
import { ingestRow, type RowHead } from '../ingot.ts';
import type { Sample, Turn } from '../method.ts';
import { besideCandidates, type Candidate } from '../peers/candidate.ts';
import type { Context } from '../question.ts';
import type { Row } from '../results.ts';

export const OURS = 'ingot ingest';

export interface AgainContext extends Context {
  /** Waits until no file is so young that it could change without its times. */
  settle(): Promise<void>;
}

/** What a ratio has to be at most, and what it is to become. */
export interface Goal {
  readonly must: number;
  readonly aim: number;
}

export interface Beside {
  readonly candidate: Candidate;
  readonly goal: Goal;
}

/** Runs ours and the others in turn. */
export async function* stateRows(
  context: Context,
  state: string,
  ours: Turn,
  others: readonly Beside[],
): AsyncGenerator<Row> {
  const candidates = others.map(({ candidate }) => candidate);
  const { samples, rows } = await besideCandidates(ours, candidates, context);
  yield ownRow(state, samples);
  for (const [index, row] of rows.entries()) yield withGoal(row, others[index]!.goal);
}

export function ownRow(state: string, samples: readonly Sample[]): Row {
  const head = { label: `${OURS}, ${state}`, parameters: { state } };
  return ingestRow(head, samples, {}, []);
}

export function headBeside(state: string, reference: string): RowHead {
  return { label: `${reference}, beside ${state}`, parameters: { state, reference } };
}

/** A row without a ratio has none to reach. */
export function withGoal(row: Row, { must, aim }: Goal): Row {
  return row.ratio === undefined ? row : { ...row, figures: { ...row.figures, must, aim } };
}
