/** Why a gc does not begin. */
import { IngotError } from '../../../errors.ts';
import { fileSystemTypeOf } from '../../../native/file-system-type.ts';
import type { StoreFormat } from '../on-disk/format.ts';

const CANNOT = 'cannot collect what nobody needs';

/** Throws an IngotError for a store in which old writers may be that know no locks. */
export function requireSnapshots(root: string, { since }: StoreFormat): void {
  if (since !== undefined) return;
  throw new IngotError({
    ...{ what: CANNOT, code: 'INGOT_NO_SNAPSHOT', path: root },
    why: 'nothing was recorded: the store has no snapshots',
    hint: "'ingot ingest SOURCE' records one; what no snapshot ever named is not collected",
  });
}

/** Throws an IngotError where a lock of this machine may not be one of all machines. */
export function requireLocalLocks(root: string): void {
  const { name, timesAreLocal } = fileSystemTypeOf(root);
  if (timesAreLocal) return;
  throw new IngotError({
    ...{ what: CANNOT, code: 'INGOT_LOCKS_MAY_BE_LOCAL', path: root },
    why: `this is ${name}, on which locks may not keep out processes on other machines`,
    hint: 'add --this-host-only if no other machine writes to this store',
  });
}

export function gcRuns(root: string): IngotError {
  return new IngotError({
    ...{ what: CANNOT, code: 'INGOT_GC_RUNNING', path: root },
    why: 'another gc of this store is running',
    hint: 'wait until it is done',
  });
}

export function relayoutRuns(root: string): IngotError {
  return new IngotError({
    ...{ what: CANNOT, code: 'INGOT_RELAYOUT_RUNNING', path: root },
    why: 'a relayout of this store is running',
    hint: 'wait until it is done',
  });
}
