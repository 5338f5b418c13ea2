import type { FileOps } from '../../files/file-ops.ts';
import type { Hold } from '../seam/write.ts';
import { requireFormat } from './on-disk/format.ts';
import { passGate } from './on-disk/gate.ts';
import { readGeneration } from './on-disk/generation.ts';
import { requireLocks } from './on-disk/store-lock.ts';
import { removeUnderLock } from './upkeep/remove-under-lock.ts';

/**
 * Keeps all names of objects where they are until it is released, once. In a store of format 1 there
 * is nothing to hold. Throws an IngotError, the signal's reason.
 */
export async function holdNames(root: string, ops: FileOps, signal?: AbortSignal): Promise<Hold> {
  if (requireFormat(root).format === 1) return { generation: undefined, release: () => {} };
  const libc = await requireLocks(root);
  for (;;) {
    const fd = await passGate(root, { kind: 'shared', libc, ops, signal });
    let generation: string | undefined;
    try {
      generation = readGeneration(root);
    } finally {
      if (generation === undefined) ops.closeSync(fd);
    }
    if (generation !== undefined) return { generation, release: () => ops.closeSync(fd) };
    // Somebody has removed it. As after a removal of objects nobody knows what is still there.
    await removeUnderLock(root, () => {}, { ops, signal });
  }
}
