import { asError } from '../../errors.ts';

/** A function of the caller's. What it throws is given to `fail`, and it is not called again. */
export function guarded<Args extends unknown[]>(
  call: ((...args: Args) => void) | undefined,
  fail: (error: Error) => void,
): ((...args: Args) => void) | undefined {
  if (call === undefined) return undefined;
  let threw = false;
  return (...args) => {
    if (threw) return;
    try {
      call(...args);
    } catch (error) {
      threw = true;
      fail(asError(error));
    }
  };
}
