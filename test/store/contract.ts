/**
 * The contract of an engine: each sentence of src/store/seam/ as a clause that can be checked. A
 * clause throws when an engine breaks it, so that contract-planted.test.ts can have it find engines
 * that do.
 */
import { describe, test } from 'vitest';
import { FAULT_CLAUSES } from './contract/faults.ts';
import { GROUP_CLAUSES } from './contract/groups.ts';
import { HOLD_CLAUSES } from './contract/holds.ts';
import { READ_CLAUSES } from './contract/reading.ts';
import { STREAM_CLAUSES } from './contract/streams.ts';
import type { Clause, Subject } from './contract/subject.ts';
import { UPKEEP_CLAUSES } from './contract/upkeep.ts';
import { WORKER_CLAUSES } from './contract/workers.ts';
import { WRITER_CLAUSES } from './contract/writers.ts';

export const CLAUSES: readonly Clause[] = [
  ...UPKEEP_CLAUSES,
  ...READ_CLAUSES,
  ...GROUP_CLAUSES,
  ...STREAM_CLAUSES,
  ...WORKER_CLAUSES,
  ...WRITER_CLAUSES,
  ...HOLD_CLAUSES,
  ...FAULT_CLAUSES,
];

/** Checks all clauses on an engine. */
export function describeEngine(name: string, subject: Subject): void {
  describe(name, () => {
    for (const { says, check, only } of CLAUSES)
      if (only === undefined || subject.traits.includes(only))
        test(says, () => check(subject.newPlace(), subject));
  });
}
