import { setTimeout as delay } from 'node:timers/promises';
import type { Libc } from '../../../native/libc.ts';
import type { Layout } from '../../choices.ts';
import { signOf, writerFolders } from './writer.ts';

interface Hooks {
  /** Called when there are some, with their number, and when it changes. */
  readonly onWaiting: ((writers: number) => void) | undefined;
  /** Called before each further look; what it throws ends the waiting. */
  onPoll(): void;
}

const POLL_MS = 100;

/**
 * Waits until no live writer publishes in another layout than this one. No new ones can come: a
 * writer looks at the format again after it has shown its layout.
 */
export async function waitForOldWriters(
  root: string,
  layout: Layout,
  libc: Libc,
  { onWaiting, onPoll }: Hooks,
): Promise<void> {
  const isOld = (folder: string) => {
    const sign = signOf(folder, libc);
    return sign.alive && sign.layout !== layout;
  };
  let old = await writerFolders(root, libc);
  for (let reported = 0; ; ) {
    old = old.filter(isOld);
    if (old.length !== reported) onWaiting?.(old.length);
    if (old.length === 0) return;
    reported = old.length;
    await delay(POLL_MS);
    onPoll();
  }
}
