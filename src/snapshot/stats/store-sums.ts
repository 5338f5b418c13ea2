/** Who keeps what is in the store: each snapshot, several, forgotten ones, pins, nobody. */
import type { Digest } from '../../digest.ts';
import type { ReadHalf } from '../../store/seam/read.ts';
import type { Amount, SnapshotStats } from './api.ts';
import { FORGOTTEN, NOBODY } from './owners.ts';
import type { CountedTree, TreeCount } from './tree-count.ts';

type Sums = { -readonly [Key in keyof Amount]: number };

export class StoreSums {
  readonly forgotten = nothing();
  readonly orphans = nothing();
  /** Without segments. */
  readonly pinned = nothing();
  readonly #trees: TreeCount;

  constructor(trees: TreeCount) {
    this.#trees = trees;
  }

  /** Takes an object that is in the store. */
  add(digest: Digest, size: number): void {
    const { owner, isPinned, isNew } = this.#trees.objects.list(digest);
    if (!isNew || (owner !== NOBODY && owner !== FORGOTTEN)) return;
    const sums = isPinned ? this.pinned : owner === FORGOTTEN ? this.forgotten : this.orphans;
    sums.objects++;
    sums.bytes += size;
  }

  /** Takes all segments that are in the store. Throws an IngotError. */
  async addSegments(reader: ReadHalf<Digest>, options: Parameters<typeof reader.list>[0]) {
    for (const { owner, bytes } of this.#trees.segments.all())
      if (owner === FORGOTTEN && bytes !== undefined) addSegment(this.forgotten, bytes);
    for await (const page of reader.list(options))
      for (const digest of page) {
        const known = this.#trees.segments.get(digest);
        // What is damaged of a forgotten snapshot no gc knows.
        if (known !== undefined && !(known.isBroken && known.owner === FORGOTTEN)) continue;
        const found = await reader.stat(digest);
        if (found !== undefined) addSegment(this.orphans, found.size);
      }
  }

  /** What each snapshot needs, of what is in the store: to be called when all of that was taken. */
  snapshots(): SnapshotStats[] {
    const own = new Map(this.#trees.trees.map(({ owner }) => [owner, nothing()]));
    const lost = new Map(this.#trees.trees.map(({ owner }) => [owner, nothing()]));
    for (const { owner, size, isPinned, isThere } of this.#trees.objects.all()) {
      const sums = isThere ? own.get(owner) : lost.get(owner);
      if (sums === undefined || (isThere && isPinned)) continue;
      sums.objects++;
      sums.bytes += size;
    }
    return this.#trees.trees.map((tree) => {
      const sums = own.get(tree.owner)!;
      return { ...factsOf(tree), ...sharesOf(tree, sums, lost.get(tree.owner)!) };
    });
  }
}

function factsOf({ snapshot }: CountedTree): Omit<SnapshotStats, 'own' | 'shared'> {
  const { id, time, label, host, sources, root } = snapshot;
  return { id, time, label, host, sources, size: root.size };
}

/** `lost`: what it needs and is not in the store. */
function sharesOf(
  { owner, segments, objects }: CountedTree,
  own: Sums,
  lost: Sums,
): Pick<SnapshotStats, 'own' | 'shared'> {
  if (objects === undefined) return { own: undefined, shared: undefined };
  const shared = nothing();
  shared.objects = objects.objects - own.objects - lost.objects;
  shared.bytes = objects.bytes - own.bytes - lost.bytes;
  for (const segment of segments)
    addSegment(segment.owner === owner ? own : shared, segment.bytes!);
  return { own, shared };
}

function addSegment(sums: Sums, bytes: number): void {
  sums.segments++;
  sums.segmentBytes += bytes;
}

function nothing(): Sums {
  return { objects: 0, bytes: 0, segments: 0, segmentBytes: 0 };
}
