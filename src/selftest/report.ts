import type { Advised } from '../doctor/report.ts';

/** The guarantees of a store, by their numbers in the README. */
export const GUARANTEES = {
  1: 'A name implies its bytes',
  2: 'Exit 0 means durable',
  3: 'A crash costs only unfinished work',
  4: 'A hit is checked, not believed',
  5: 'What was hashed is what was stored',
  6: 'Nothing is silently skipped',
  7: 'A failed flush fails the ingest',
} as const;

export type GuaranteeNumber = keyof typeof GUARANTEES;

export type Verdict = 'kept' | 'broken' | 'not tried';

export interface GuaranteeReport {
  readonly number: GuaranteeNumber;
  readonly guarantee: string;
  readonly verdict: Verdict;
  /** `kept`: what was tried; `broken`: what was found; `not tried`: the reasons. */
  readonly evidence: readonly string[];
}

/** In the order in which they run. */
export const TRIAL_NAMES = [
  'fresh-tree',
  'odd-names',
  'kills',
  'writers',
  'hits',
  'changing',
  'failed-write',
  'flush-order',
  'failed-flush',
] as const;
export type TrialName = (typeof TRIAL_NAMES)[number];

/** The phase that a killed ingest was in, as seen in its store after its death. */
export const KILLED_IN = ['opening', 'staging', 'publishing', 'ending'] as const;
export type KilledIn = (typeof KILLED_IN)[number];

export interface SelftestReport {
  /** The directory that was tried, absolute. */
  readonly directory: string;
  readonly fileSystem: { readonly type: string };
  /** How an ingest makes groups durable here, and why so. */
  readonly barrier: Advised<'syncfs' | 'fsync'>;
  readonly guarantees: readonly GuaranteeReport[];
  /** Ingests that were killed, by phase. */
  readonly kills: Readonly<Record<KilledIn, number>>;
  /** What no trial here can show. */
  readonly outside: readonly string[];
  /** What killed selftests and doctors, or dead writers, had left here and was removed. */
  readonly swept: number;
  readonly wallMs: number;
}
