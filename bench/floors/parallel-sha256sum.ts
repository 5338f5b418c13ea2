import type { Contender } from '../method.ts';
import { dropCachesIfCold } from '../prepare.ts';
import type { Context } from '../question.ts';

export const PARALLEL_SHA256SUM = 'parallel sha256sum';

/** Enough that starting a process vanishes beside them. */
const FILES_A_PROCESS = 500;

/** What a user would do for the digests alone. */
export function parallelSha256sum(context: Context): Contender {
  const script = 'find "$1" -type f -print0 | xargs -0 -r -n "$2" -P "$3" sha256sum >/dev/null';
  const { tree, threads } = context;
  return {
    command: ['sh', '-c', script, 'sh', tree, `${FILES_A_PROCESS}`, `${threads}`],
    prepare: () => dropCachesIfCold(context),
  };
}
