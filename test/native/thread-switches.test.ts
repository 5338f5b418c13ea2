import { expect, it } from 'vitest';
import { loadLibc } from '../../src/native/libc.ts';

const threadSwitches = (await loadLibc())?.threadSwitches;

it.skipIf(threadSwitches === undefined)('counts how often the thread has waited', () => {
  const never = new Int32Array(new SharedArrayBuffer(4));
  const before = threadSwitches!();
  for (let n = 0; n < 20; n++) Atomics.wait(never, 0, 0, 1);
  const waited = threadSwitches!() - before;
  expect(waited).toBeGreaterThanOrEqual(20);
  // V8's own threads may be waited for now and then.
  expect(waited).toBeLessThan(40);
});
