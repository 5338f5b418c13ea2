import { countOf } from '../checked.ts';
import { availableProcessors } from '../native/processors.ts';

/** More threads than this only cost memory, of which V8 runs out some time after. */
export const MAX_THREADS = 1024;

export const threadCount = countOf('threads', 1, MAX_THREADS);

/** More threads than processors make an ingest slower: the kernel's part does not wait. */
export function defaultThreads(): number {
  return availableProcessors();
}

/** The number of threads that was asked for. Throws a UsageError on one that is none. */
export function checkedThreads(threads = defaultThreads()): number {
  threadCount('threads', threads);
  return threads;
}
