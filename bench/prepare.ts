import fs from 'node:fs';
import { runChecked, runInPlace } from './children.ts';
import type { Context } from './question.ts';

const DROP_CACHES = '/proc/sys/vm/drop_caches';

/** Why the page cache cannot be dropped; undefined when it can. */
export function dropCachesLack(): string | undefined {
  try {
    fs.accessSync(DROP_CACHES, fs.constants.W_OK);
    return undefined;
  } catch {
    // Whatever the errno, the file cannot be written.
    return `${DROP_CACHES} cannot be written: it needs root`;
  }
}

/** Files that cannot be read stay cold: find ends with 1 then. */
const READ_ALL = 'find "$1" -type f -exec cat {} + >/dev/null || [ $? -eq 1 ]';

/** Reads the tree into the page cache, unless that is to be cold. */
export async function warm({ cold, tree }: Context): Promise<void> {
  if (cold) return;
  await runChecked(['sh', '-c', READ_ALL, 'sh', tree]);
}

/** Before a run that begins with an empty arena. */
export function fresh(context: Context): void {
  context.arena.renew();
  dropCachesIfCold(context);
}

/** Before a run that needs what is in the arena: the page cache as it was asked for. */
export function dropCachesIfCold({ cold }: Context): void {
  if (!cold) return;
  // Only clean pages are dropped.
  runInPlace('sync');
  fs.writeFileSync(DROP_CACHES, '3');
}
