import { setTimeout as delay } from 'node:timers/promises';
import { isDenied } from '../../../errors.ts';
import type { Libc } from '../../../native/libc.ts';
import { signOf, type WriterSign, writerFolders } from './writer.ts';

interface Hooks {
  /** Called when there are some, with their number, and when it changes. */
  readonly onWaiting: ((writers: number) => void) | undefined;
  /** Called before each further look; what it throws ends the waiting. */
  onPoll(): void;
}

const POLL_MS = 100;

/**
 * Waits until no live writer shows what `isOld` is true for. No new ones can come: a writer looks at
 * the format again after it has shown what it goes by.
 */
export async function waitForOldWriters(
  root: string,
  isOld: (sign: WriterSign) => boolean,
  libc: Libc,
  { onWaiting, onPoll }: Hooks,
): Promise<void> {
  const denied = new Set<string>();
  const isWaitedFor = (folder: string) => {
    try {
      const sign = signOf(folder, libc);
      return sign.alive && isOld(sign);
    } catch (error) {
      // Another user has made it a moment ago, and not let those look who share the store yet.
      if (!isDenied(error) || denied.has(folder)) throw error;
      denied.add(folder);
      return true;
    }
  };
  let old = await writerFolders(root, libc);
  for (let reported = 0; ; ) {
    old = old.filter(isWaitedFor);
    if (old.length !== reported) onWaiting?.(old.length);
    if (old.length === 0) return;
    reported = old.length;
    await delay(POLL_MS);
    onPoll();
  }
}
