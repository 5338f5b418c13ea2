/** What the notes of several commands share. */

export interface Notes {
  /** Paragraphs, each of one line. */
  readonly more?: readonly string[];
  /** Command lines, and what they do. */
  readonly examples: readonly (readonly [line: string, does: string])[];
  /** Exit codes, and what they mean. */
  readonly exits: readonly (readonly [codes: string, means: string])[];
}

export const FAILED = ['1', 'failed; stderr says why'] as const;
export const USAGE = ['2', 'wrong usage'] as const;
export const SIGNALS = ['129, 130, 143', 'stopped by SIGHUP, SIGINT, SIGTERM'] as const;
export const READER_GONE = ['141', 'nobody reads the output any more'] as const;

export const DAMAGED = ['4', 'damage was found'] as const;

export const NAMES_OF_SNAPSHOTS =
  "A snapshot is named by its id, the beginning of that, a label (its newest one), LABEL~1 (the one before), 'latest' or latest~1.";
export const UNITS = 'Sizes and rates are decimal: 1 MB is 1,000,000 bytes.';
export const STORE = 'Without --store the store is $INGOT_STORE.';
