import type { FileOps } from '../../../files/file-ops.ts';
import { requireFormat } from '../on-disk/format.ts';
import { changeGeneration } from '../on-disk/generation.ts';
import { requireLocks, waitForStoreLock } from '../on-disk/store-lock.ts';

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
  { ops, signal }: { readonly ops: FileOps; readonly signal?: AbortSignal | undefined },
): Promise<T> {
  if (requireFormat(root).format === 1) return remove();
  const libc = await requireLocks(root);
  const fd = await waitForStoreLock(root, 'lock', { kind: 'exclusive', libc, ops, signal });
  try {
    changeGeneration(root, ops, libc);
    return await remove();
  } finally {
    ops.closeSync(fd);
  }
}
