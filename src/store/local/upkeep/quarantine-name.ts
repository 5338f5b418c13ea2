/** A quarantine after which nothing has the name of the object any more. */
import { type Failure, isIngotError, SHORTAGES } from '../../../errors.ts';
import { type FileOps, nodeFileOps } from '../../../files/file-ops.ts';
import { type ObjectAt, QuarantineMove } from './quarantine.ts';
import { removeUnderLock } from './remove-under-lock.ts';
import { hashesTo } from './verify-objects.ts';

export interface QuarantineOptions {
  readonly ops?: FileOps | undefined;
  /** Ends the waiting for those who hold the store's lock: it rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  readonly isSound?: ((at: string) => boolean) | undefined;
}

/** As `quarantine`, under the store's lock, which is held for the rename alone: hashing takes time. */
export async function quarantineName(
  root: string,
  object: ObjectAt,
  { ops = nodeFileOps, signal, isSound }: QuarantineOptions = {},
): Promise<string | undefined> {
  const hashes = (at: string) => hashesTo(at, object.digest);
  const move = new QuarantineMove(root, object, ops, isSound ?? hashes);
  try {
    if (!move.begin()) return undefined;
    await removeUnderLock(root, () => move.take(), { ops, signal });
    return move.end();
  } catch (error) {
    if (error === signal?.reason) throw error;
    return move.failed(error);
  }
}

/**
 * The same where an object that cannot be moved (chattr +i, another user's folder) must not keep
 * others from it: gives what kept it. Throws an IngotError for a shortage of the machine and for a
 * failed flush, and the signal's reason.
 */
export async function tryQuarantine(
  root: string,
  object: ObjectAt,
  signal?: AbortSignal,
): Promise<{ moved?: string | undefined; unmoved?: Failure }> {
  try {
    return { moved: await quarantineName(root, object, { signal }) };
  } catch (error) {
    if (!isIngotError(error) || SHORTAGES.has(error.code) || error.kind === 'flush') throw error;
    return { unmoved: error.toFailure() };
  }
}
