import type { Digest } from '../digest.ts';
import type { Failure } from '../errors.ts';
import type { UnsupportedKind } from '../sources/kind.ts';

/**
 * What became of an entry. Every entry met ends in exactly one; the numbers travel between
 * threads. `excluded` is the end of what patterns leave out: an excluded directory is one entry,
 * since nobody looks at what lies in it. A `link` is a symbolic one, which the snapshot has.
 * `unfinished` is the end of entries that a failed or interrupted run did not store.
 */
export const OUTCOMES = [
  'new',
  'duplicate',
  'unchanged',
  'link',
  'changed',
  'unreadable',
  'vanished',
  'unsupported',
  'excluded',
  'unfinished',
] as const;

export type Outcome = (typeof OUTCOMES)[number];

/** The number of each outcome. */
export const CODE = Object.fromEntries(OUTCOMES.map((outcome, code) => [outcome, code])) as Record<
  Outcome,
  number
>;

/** One entry's end, as `onEntry`, `-v` and the event stream report it. */
export interface EntryReport {
  /** Source and path below it, joined by `/`; names in the escaped form of names.ts. */
  readonly path: string;
  readonly outcome: Outcome;
  /** Of stored entries. */
  readonly digest?: Digest;
  /** Bytes, of stored entries. */
  readonly size?: number;
  /** Of unreadable, changed, vanished and unfinished entries: why. */
  readonly failure?: Failure;
  /** Of unsupported entries. */
  readonly kind?: UnsupportedKind;
}
