import { join } from 'node:path';
import { isDigest } from '../../../digest.ts';
import { failed, hasErrno, isDenied } from '../../../errors.ts';
import { fileSystemStats } from '../../../files/disk-space.ts';
import { namesIn } from '../../../files/file-ops.ts';
import { type Libc, loadLibc } from '../../../native/libc.ts';
import { NAMES_PER_LOOK, Turns } from '../../../turns.ts';
import type { Layout } from '../../choices.ts';
import type { StatsOptions, StoreStats, WriterStats } from '../../seam/upkeep.ts';
import { denialIn } from '../on-disk/denial.ts';
import { requireFormat } from '../on-disk/format.ts';
import { listFolder, listObjects } from '../on-disk/layout.ts';
import { pinsFolder } from '../on-disk/pins.ts';
import { mayLive, writerFolders } from '../writers/writer.ts';
import { objectSize } from './object-size.ts';
import { countMoves, quarantineFolder } from './quarantine.ts';

/**
 * Counts what is in a store, in memory that does not grow with it. An object that a relayout moves
 * meanwhile may be counted twice or not at all. Throws an IngotError.
 */
export async function storeStats(root: string, options: StatsOptions = {}): Promise<StoreStats> {
  const { format, layout, movingFrom } = requireFormat(root);
  const libc = await loadLibc();
  try {
    const refusals = new Refusals();
    const pins = await countPins(root, refusals, options);
    const objects = await countObjects(root, layout, refusals, options);
    const writers = libc && (await countWriters(root, libc));
    const quarantined = refusals.orElse(0, () => namesIn(quarantineFolder(root)).length);
    const unsettled = refusals.orElse(0, () => countMoves(root));
    const fileSystem = fileSystemStats(root);
    options.signal?.throwIfAborted();
    const counts = {
      ...objects,
      writers,
      pins,
      quarantined,
      unsettled,
      unreadable: refusals.count,
    };
    return { root, format, layout, movingFrom, ...counts, fileSystem };
  } catch (error) {
    if (error === options.signal?.reason) throw error;
    throw failed('cannot look through the store', error, {
      path: root,
      ...denialIn(root, error),
    });
  }
}

/** What another user keeps to himself is counted, and hides nothing else. */
class Refusals {
  count = 0;

  orElse<T>(otherwise: T, look: () => T): T {
    try {
      return look();
    } catch (error) {
      if (!isDenied(error)) throw error;
      this.count++;
      return otherwise;
    }
  }
}

async function countPins(
  root: string,
  refusals: Refusals,
  { signal, onPin }: StatsOptions,
): Promise<number> {
  let pins = 0;
  const turns = new Turns({ stepsPerLook: NAMES_PER_LOOK, signal });
  for (const digest of listFolder(pinsFolder(root), isDigest, () => refusals.count++)) {
    if (turns.isDue()) await turns.take();
    pins++;
    onPin?.(digest);
  }
  return pins;
}

async function countObjects(
  root: string,
  layout: Layout,
  refusals: Refusals,
  { signal, onProgress, onObject }: StatsOptions,
): Promise<Pick<StoreStats, 'objects' | 'bytes' | 'largest'>> {
  let [objects, bytes] = [0, 0];
  let largest: StoreStats['largest'];
  const turns = new Turns();
  for (const digest of listObjects(root, layout, () => refusals.count++)) {
    if (turns.isDue()) {
      onProgress?.(objects);
      await turns.take();
      signal?.throwIfAborted();
    }
    const size = refusals.orElse(undefined, () => objectSize(root, layout, digest));
    if (size === undefined) continue;
    objects++;
    bytes += size;
    onObject?.(digest, size);
    if (largest === undefined || size > largest.size) largest = { digest, size };
  }
  return { objects, bytes, largest };
}

async function countWriters(root: string, libc: Libc): Promise<WriterStats> {
  const stats = { alive: 0, dead: 0, liveTemps: 0, deadTemps: 0 };
  for (const folder of await writerFolders(root, libc)) {
    const alive = mayLive(folder, libc);
    const temps = tempsIn(folder);
    stats[alive ? 'alive' : 'dead']++;
    stats[alive ? 'liveTemps' : 'deadTemps'] += temps;
  }
  return stats;
}

/** Those of another user's writer cannot be counted. */
function tempsIn(folder: string): number {
  try {
    // In a folder for each worker; beside those is the lock.
    return namesIn(folder).flatMap((worker) => namesIn(join(folder, worker))).length;
  } catch (error) {
    if (!hasErrno(error, 'EACCES')) throw error;
    return 0;
  }
}
