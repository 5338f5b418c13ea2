/** What callers choose of the check of objects. */
import { abortSignal, type Checks, callback, flag, positive } from '../../checked.ts';
import { type ReadAhead, readAheadChoice } from '../../read-ahead/choice.ts';
import { threadCount } from '../../threads/thread-count.ts';
import type { VerifyOptions } from './verify-run.ts';

/** `threads` has a default here. */
export type ObjectsOptions = Omit<VerifyOptions, 'threads' | 'bytesRead' | 'runBatch'> & {
  readonly threads?: number | undefined;
  /** Small objects that each thread asks the disk for before their turn. Default 'auto'. */
  readonly readAhead?: ReadAhead | undefined;
};

export const OBJECTS_CHECKS: Checks<ObjectsOptions> = {
  sample: positive('a share above 0 up to 1', 1),
  quarantine: flag,
  threads: threadCount,
  readAhead: readAheadChoice,
  signal: abortSignal,
  onProgress: callback,
  countAhead: flag,
  onDamaged: callback,
  onUnreadable: callback,
};
