/**
 * `lock`, taken through the gate, which is held by who waits for `lock`: by one who wants it alone
 * so that others, one after the other, cannot keep him out for ever; by others so that one who takes
 * it alone over and over lets them pass in between. Without a wait it is held for a moment.
 */
import type { StoreFd } from '../../../files/file-ops.ts';
import { type WaitOptions, waitForStoreLock } from './store-lock.ts';

/** Waits as `waitForStoreLock` does. Throws an IngotError, the signal's reason. */
export async function passGate(root: string, { onWaiting, ...how }: WaitOptions): Promise<StoreFd> {
  const gate = await waitForStoreLock(root, 'gate', how);
  try {
    return await waitForStoreLock(root, 'lock', { ...how, onWaiting });
  } finally {
    how.ops.closeSync(gate);
  }
}
