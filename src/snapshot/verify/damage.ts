/** What the failure to read a part of a snapshot means. */
import { codeOf, hasErrno, isFailure, SHORTAGES } from '../../errors.ts';

/** The bytes are wrong or lost. Any other errno tells of who asks, or of the way there. */
export function isDamage(error: unknown): boolean {
  return codeOf(error) === 'INGOT_DAMAGED' || hasErrno(error, 'EIO', 'EBADMSG', 'EUCLEAN');
}

/** It ends the whole run: a shortage of the machine, or a mistake of ours. */
export function endsRun(error: unknown): boolean {
  return !isFailure(error) || hasErrno(error, ...SHORTAGES.keys());
}
