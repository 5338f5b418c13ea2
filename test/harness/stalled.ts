/** A program of which a worker stalls: see FAULT=stall of faulty-workers.mjs. */
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';

/** Longer than a repeated signal counts as the same wish. */
const LATER_MS = 1200;

/** Calls `stop` when the worker stalls, and again a while after the program says that it stops. */
export function stopTwiceOnceStalled(
  child: ChildProcessWithoutNullStreams,
  stop: () => void,
): void {
  child.stderr.on('data', async (chunk) => {
    const text = String(chunk);
    if (text.includes('a worker stalls')) stop();
    if (!text.includes('stopping')) return;
    await delay(LATER_MS);
    stop();
  });
}
