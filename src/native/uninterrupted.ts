/** Repeats reads that a signal interrupted. libuv repeats every such call but read(2). */
import { hasErrno } from '../errors.ts';

/** Makes the call again as long as it fails with EINTR. */
export function uninterrupted<T>(read: () => T): T {
  for (;;) {
    try {
      return read();
    } catch (error) {
      if (!hasErrno(error, 'EINTR')) throw error;
    }
  }
}

/** The same for a call that gives a promise. */
export async function uninterruptedLater<T>(read: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await read();
    } catch (error) {
      if (!hasErrno(error, 'EINTR')) throw error;
    }
  }
}
