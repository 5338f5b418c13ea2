import { IngotError, isIngotError } from '../../errors.ts';

const INTERRUPTED = 'INGOT_INTERRUPTED';

export function interruption(): IngotError {
  return new IngotError({
    what: 'the ingest was interrupted',
    code: INTERRUPTED,
    why: 'it was told to stop',
    hint: 'run it again: what is stored is not written again',
  });
}

/** `snapshot`: its id. */
export function removalInterruption(snapshot: string | undefined): IngotError {
  return new IngotError({
    what: 'the removal of the sources was interrupted',
    code: INTERRUPTED,
    why: 'it was told to stop',
    hint: `snapshot ${snapshot} has all that has gone; run it again for the rest`,
  });
}

/**
 * True for a cause that must not hide a failed flush: an interruption, or an error of the caller's.
 */
export function yieldsToFlushFailure(cause: Error): boolean {
  return !isIngotError(cause) || cause.code === INTERRUPTED;
}
