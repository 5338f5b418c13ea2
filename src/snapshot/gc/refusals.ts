/** Why a gc takes nothing, or stops. */
import { IngotError, isIngotError } from '../../errors.ts';

/** What a snapshot needs cannot be known: nothing goes. */
export function cannotCollect(id: string, error: unknown): unknown {
  if (!isIngotError(error)) return error;
  const { code, path = id, why, message } = error;
  const what = `cannot collect: what snapshot ${id} needs is not known`;
  const hint =
    code === 'INGOT_NEWER_FORMAT'
      ? 'use a newer ingot'
      : `'ingot verify' says more; 'ingot forget ${id}' lets go of it`;
  return new IngotError({ what, code, path, why: why ?? message, hint }, error);
}

export function interrupted(path: string): IngotError {
  return new IngotError({
    ...{ what: 'gc was interrupted', code: 'INGOT_INTERRUPTED', path },
    why: 'it was told to stop',
    hint: 'no snapshot lacks anything; run it again to go on',
  });
}

export function withoutSnapshots(path: string): IngotError {
  return new IngotError({
    ...{ what: 'cannot take orphans', code: 'INGOT_NO_SNAPSHOT', path },
    why: 'the store has no snapshots, so all of it would go',
    hint: "record one with 'ingot ingest', or remove the store",
  });
}
