import { setTimeout as delay } from 'node:timers/promises';

/**
 * What was changed less than two seconds before it is looked at is not recorded. Of its time the second
 * counts alone, so that it may take three.
 */
const CERTAIN_MS = 3_050;

/**
 * Resolves when what was changed before can be recorded. By the clock: a timer counts from the turn of
 * the event loop that it was set in, which may have begun long before the change.
 */
export async function untilCertain(): Promise<void> {
  const end = Date.now() + CERTAIN_MS;
  for (let left = CERTAIN_MS; left > 0; left = end - Date.now()) await delay(left);
}
