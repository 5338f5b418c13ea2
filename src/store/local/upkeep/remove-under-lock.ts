import type { FileOps } from '../../../files/file-ops.ts';
import { requireFormat } from '../on-disk/format.ts';
import { passGate } from '../on-disk/gate.ts';
import { changeGeneration } from '../on-disk/generation.ts';
import { requireLocks } from '../on-disk/store-lock.ts';

export interface RemovalOptions {
  readonly ops: FileOps;
  readonly signal?: AbortSignal | undefined;
  /** Called once, if others hold the lock. */
  readonly onWaiting?: (() => void) | undefined;
  /** Called under the lock, before anything is changed: false where nothing may be removed now. */
  readonly mayBegin?: (() => boolean) | undefined;
}

/**
 * Lets `remove` take names of objects away: every removal after which nothing has such a name goes
 * through here. In a store of format 2 nobody holds the lock meanwhile, and the generation is another
 * one, durably, before it begins. It should be brief: runs that end wait for it. In a store of format
 * 1, where only damaged objects go, nobody is waited for. Throws an IngotError, the signal's reason,
 * and what `remove` throws.
 */
export async function removeUnderLock<T>(
  root: string,
  remove: () => T | Promise<T>,
  options: RemovalOptions,
): Promise<T | undefined> {
  if (requireFormat(root).format === 1) return remove();
  const { ops, signal, onWaiting, mayBegin = () => true } = options;
  const libc = await requireLocks(root);
  const fd = await passGate(root, { kind: 'exclusive', libc, ops, signal, onWaiting });
  try {
    if (!mayBegin()) return undefined;
    changeGeneration(root, ops, libc);
    return await remove();
  } finally {
    ops.closeSync(fd);
  }
}
