/** Why a relayout does not begin, or does not end. */
import { IngotError, isIngotError } from '../../../errors.ts';
import { withoutLibc } from '../../../native/load-koffi.ts';
import { counted } from '../../../units.ts';

export function alreadyRunning(root: string): IngotError {
  return new IngotError({
    what: 'cannot change the layout',
    code: 'INGOT_RELAYOUT_RUNNING',
    path: root,
    why: 'another relayout or a gc of this store is running, or it is made ready for snapshots',
    hint: 'wait until it is done',
  });
}

export function noFlock(root: string): IngotError {
  return new IngotError({
    what: 'cannot change the layout',
    code: 'INGOT_NO_FLOCK',
    path: root,
    why: `live writers cannot be seen, since ${withoutLibc()}`,
  });
}

/** Some objects may not be moved: the store stays in both layouts as long as one is in the old. */
export function notAllMoved(stuck: number, first: unknown): unknown {
  if (!isIngotError(first)) return first;
  const { code, path, cause } = first;
  const what = `cannot move ${counted(stuck, 'object')}, the first of them`;
  const hint = 'the others were moved, and the store can be used as it is; run it again to go on';
  return new IngotError({ what, code, path, hint }, cause);
}
