/** `stats` as callers see it: the objects of a store, and who needs them. */
import { requireOptions } from '../../checked.ts';
import { codeOf, isDenied } from '../../errors.ts';
import { engineAt } from '../../store/engines.ts';
import type { Engine } from '../../store/seam/engine.ts';
import { type Catalog, catalogOf, type DamagedReference, idsIn, readCatalog } from '../catalog.ts';
import { STATS_CHECKS, type StatsOptions, type StoreStats } from './api.ts';
import { StoreSums } from './store-sums.ts';
import { TreeCount } from './tree-count.ts';

/**
 * Counts what is in a store, and what would go with each snapshot, in some 60 bytes for each object
 * that snapshots name. Locks nothing. Of a snapshot that goes meanwhile nothing is said. What an
 * ingest stores that has not ended is among the orphans; an object that a relayout moves meanwhile
 * may be counted twice or not at all. Damage is reported, not thrown. Throws an IngotError.
 */
export async function storeStats(store: string, options: StatsOptions = {}): Promise<StoreStats> {
  return storeStatsIn(engineAt(store), options);
}

/** `storeStats` with the engine to use. */
export async function storeStatsIn(
  engine: Engine,
  options: StatsOptions = {},
): Promise<StoreStats> {
  requireOptions(options, STATS_CHECKS);
  const { signal, onProgress } = options;
  const { trees, forgotten, isKnown, denied } = await readTrees(engine, options);
  const sums = new StoreSums(trees);
  const found = await engine.stats({
    ...{ signal, onProgress },
    onPin: (digest) => trees.objects.pin(digest),
    onObject: (digest, size) => sums.add(digest, size),
  });
  let unreadable = found.unreadable + denied;
  const onRefused = () => void unreadable++;
  await sums.addSegments(await engine.openReader('segments'), { signal, onRefused });
  const listed = new Set(await listedIn(engine));
  const { segments: _, segmentBytes: __, ...pinned } = sums.pinned;
  return {
    ...{ ...found, unreadable },
    snapshots: sums.snapshots().filter(({ id }) => listed.has(id)),
    forgotten: isKnown ? { snapshots: forgotten, ...sums.forgotten } : undefined,
    orphans: isKnown ? sums.orphans : undefined,
    pinned: isKnown ? pinned : undefined,
  };
}

interface Trees {
  readonly trees: TreeCount;
  /** How many snapshots are forgotten. */
  readonly forgotten: number;
  /** False where not all can be read of what snapshots need. */
  readonly isKnown: boolean;
  /** Folders of references that may not be looked at. */
  readonly denied: number;
}

/** Begins again when a snapshot has gone meanwhile: there is one less each time. */
async function readTrees(engine: Engine, options: StatsOptions): Promise<Trees> {
  const { signal, onTrees = () => {}, onDamagedSnapshot } = options;
  for (;;) {
    signal?.throwIfAborted();
    // In this order: one that is forgotten in between is in both.
    const live = await unlessDenied(readCatalog(engine));
    const gone = await unlessDenied(forgottenIn(engine));
    const damaged = [...(live ?? NONE).damaged, ...(gone ?? NONE).damaged];
    const isGone = new Set(gone?.snapshots.map(({ id }) => id));
    const trees = new TreeCount(engine, {
      ...{ signal, onTrees },
      onDamaged: (each) => void damaged.push(each),
    });
    try {
      const snapshots = live?.snapshots.filter(({ id }) => !isGone.has(id)) ?? [];
      await trees.count(snapshots, gone?.snapshots ?? []);
    } catch (error) {
      if (codeOf(error) === 'INGOT_FORGOTTEN') continue;
      throw error;
    }
    for (const each of damaged) onDamagedSnapshot?.(each);
    return {
      trees,
      forgotten: (gone?.snapshots.length ?? 0) + (gone?.damaged.length ?? 0),
      isKnown: live?.damaged.length === 0 && gone !== undefined && !stopsGc(trees, damaged),
      denied: [live, gone].filter((each) => each === undefined).length,
    };
  }
}

const NONE: Catalog = { snapshots: [], damaged: [] };

async function forgottenIn(engine: Engine): Promise<Catalog> {
  const forgetting = await engine.openForgetting?.();
  return forgetting === undefined ? NONE : catalogOf(forgetting.forgotten);
}

/** What is damaged of forgotten snapshots stops none; what cannot be read, or is newer, does. */
function stopsGc({ trees }: TreeCount, damaged: readonly DamagedReference[]): boolean {
  return (
    trees.some(({ objects }) => objects === undefined) ||
    damaged.some(({ failure }) => failure.code !== 'INGOT_DAMAGED')
  );
}

async function listedIn(engine: Engine): Promise<readonly string[]> {
  return (await unlessDenied(engine.openReader('references').then(idsIn))) ?? [];
}

/** Undefined for what another user keeps to himself, which hides nothing else. */
function unlessDenied<T>(looked: Promise<T>): Promise<T | undefined> {
  return looked.catch((error: unknown) => {
    if (!isDenied(error)) throw error;
    return undefined;
  });
}
