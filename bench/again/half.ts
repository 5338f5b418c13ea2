/** An ingest that is cut off. */
import { IngotError } from '../../src/errors.ts';
import { listLayout } from '../../src/store/local/on-disk/layout.ts';
import { percent } from '../../src/units.ts';
import { CHILD_FAILED, runChild } from '../children.ts';
import { ingestCommand, storeIn } from '../ingot.ts';
import { fresh } from '../prepare.ts';
import type { Context } from '../question.ts';

const LOOK_MS = 2;
/** The objects of a small tree get their names within milliseconds: the half may be missed. */
const ATTEMPTS = 5;
/** With more of the objects stored it is no half any more. */
const MAX_SHARE = 0.75;

/**
 * Ingests the tree into a new store, and kills that once half of its `objects` are there. Gives the
 * share that was. Throws an IngotError when it ends too soon, as that of a small tree does.
 */
export async function ingestHalf(context: Context, objects: number): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    fresh(context);
    const wasKilled = await killAt(Math.ceil(objects / 2), context);
    const share = storedIn(storeIn(context)) / objects;
    if (wasKilled && share <= MAX_SHARE) return share;
    if (attempt === ATTEMPTS) throw notHalf(share);
  }
}

/** False when it had ended before. */
async function killAt(objects: number, context: Context): Promise<boolean> {
  const kill = new AbortController();
  const watch = setInterval(() => {
    if (storedIn(storeIn(context)) >= objects) kill.abort();
  }, LOOK_MS);
  try {
    const command = ingestCommand(context, context.tree);
    const { signal } = await runChild(command, { kill: kill.signal });
    return signal === 'SIGKILL';
  } finally {
    clearInterval(watch);
  }
}

function storedIn(store: string): number {
  let objects = 0;
  for (const _ of listLayout(store, 'flat')) objects++;
  return objects;
}

function notHalf(share: number): IngotError {
  return new IngotError({
    what: 'cannot cut an ingest off half-way',
    code: CHILD_FAILED,
    why: `${percent(share)} of the objects were stored when it ended; the tree is too small`,
  });
}
