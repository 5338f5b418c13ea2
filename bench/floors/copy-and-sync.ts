import path from 'node:path';
import type { Contender } from '../method.ts';
import { fresh } from '../prepare.ts';
import type { Context } from '../question.ts';

export const COPY_AND_SYNC = 'cp -r + sync -f';

/** What a user would do without a store: a plain copy that is made durable at the end. */
export function copyAndSync(context: Context): Contender {
  const copy = path.join(context.arena.path, 'copy');
  const script = 'cp -r "$1" "$2" && sync -f "$2"';
  return {
    command: ['sh', '-c', script, 'sh', context.tree, copy],
    prepare: () => fresh(context),
  };
}
