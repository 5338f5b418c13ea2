/** What processes of the model are made of. */
import type { State } from './state.ts';

/** What is done otherwise, for tests that show that it would be found. */
export interface Deviations {
  readonly generationOnce?: boolean;
  readonly generationLate?: boolean;
  readonly generationOutside?: boolean;
  readonly noLock?: boolean;
  readonly oldMarks?: boolean;
  readonly noSecondLook?: boolean;
  readonly publishedAfterRelease?: boolean;
  readonly recordWithoutGeneration?: boolean;
  readonly referenceBeforeFlush?: boolean;
  readonly revivedReferenceTaken?: boolean;
  readonly foldersFlushedOnce?: boolean;
  readonly foldersNotFlushed?: boolean;
  readonly foldersNotFlushedLast?: boolean;
  readonly unforgetWithoutFlush?: boolean;
  readonly unforgetWithoutLook?: boolean;
  readonly unforgetWithoutGeneration?: boolean;
  readonly unforgetWithoutLock?: boolean;
  readonly pinAfterLook?: boolean;
  readonly pinWithoutLock?: boolean;
  readonly pinNotFlushed?: boolean;
  readonly pinsReadOnce?: boolean;
  readonly pinsNotFlushed?: boolean;
  readonly quarantineWithoutGeneration?: boolean;
}

export const WAIT = -1;
export const END = 99;

export type Step = (state: State, me: number) => number;
export type Process = readonly Step[];

export function holdShared(state: State, me: number): boolean {
  if (state.exclusive !== 0) return false;
  state.shared |= 1 << me;
  return true;
}

export function holdExclusive(state: State, me: number): boolean {
  if (state.exclusive !== 0 || state.shared !== 0) return false;
  state.exclusive = me + 1;
  return true;
}

/** Of all locks: also what the death of a process does. */
export function release(state: State, me: number): void {
  state.shared &= ~(1 << me);
  if (state.exclusive === me + 1) state.exclusive = 0;
}
