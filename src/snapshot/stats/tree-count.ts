/**
 * What each snapshot needs, for itself alone and with others. The trees are walked twice: first
 * above level 0, to learn who needs each segment; then each segment of level 0 is read for the
 * objects that it names, once in a row of snapshots that have it.
 */
import { isIngotError } from '../../errors.ts';
import type { Engine } from '../../store/seam/engine.ts';
import type { DamagedReference } from '../catalog.ts';
import type { Reference } from '../reference.ts';
import { unlessForgottenIn } from '../snapshot.ts';
import type { SegmentSource } from '../storage.ts';
import { isMissingSegment, StoredSegments } from '../store-segments.ts';
import { endsRun } from '../verify/damage.ts';
import type { StatsTreesProgress } from './api.ts';
import { NamedObjects, type Sum } from './named-objects.ts';
import { type NeededSegment, NeededSegments, type OnBroken } from './needed-segments.ts';
import { FIRST_SNAPSHOT, FORGOTTEN } from './owners.ts';

export interface TreeCountOptions {
  readonly signal: AbortSignal | undefined;
  readonly onDamaged: (damaged: DamagedReference) => void;
  readonly onTrees: (progress: StatsTreesProgress) => void;
}

/** A snapshot with what it needs. */
export interface CountedTree {
  readonly snapshot: Reference;
  readonly owner: number;
  readonly segments: readonly NeededSegment[];
  /** The objects that it names, each once. Undefined where not all of it can be read. */
  objects: Sum | undefined;
}

export class TreeCount {
  readonly objects = new NamedObjects();
  readonly segments: NeededSegments;
  /** Oldest first. */
  readonly trees: CountedTree[] = [];
  readonly #engine: Engine;
  readonly #options: TreeCountOptions;
  #source!: SegmentSource;
  /** Those of level 0 of one snapshot, with the numbers of their objects. */
  readonly #entered = new Map<NeededSegment, Uint32Array>();

  constructor(engine: Engine, options: TreeCountOptions) {
    this.#engine = engine;
    this.#options = options;
    this.segments = new NeededSegments(options.signal);
  }

  /** Throws INGOT_FORGOTTEN when one of the live snapshots has gone meanwhile. */
  async count(live: readonly Reference[], forgotten: readonly Reference[]): Promise<void> {
    this.#source = new StoredSegments(await this.#engine.openReader('segments'));
    for (const [index, snapshot] of live.entries()) {
      const owner = FIRST_SNAPSHOT + index;
      const source = this.#sourceOf(snapshot);
      const segments = await this.segments.of(
        snapshot.root,
        owner,
        source,
        this.#onBroken(snapshot),
      );
      this.trees.push({ snapshot, owner, segments, objects: undefined });
    }
    for (const [done, tree] of this.trees.toSorted(bySeries).entries()) {
      await this.#countOne(tree);
      this.#options.onTrees({ snapshots: live.length, done: done + 1 });
    }
    for (const snapshot of forgotten) await this.#addForgotten(snapshot);
  }

  /** Leaves what the snapshot before has and this one has not, and enters what is new. */
  async #countOne(tree: CountedTree): Promise<void> {
    const next = new Set(tree.segments.filter(({ level }) => level === 0));
    for (const [segment, objects] of this.#entered) {
      if (next.has(segment)) continue;
      this.objects.leave(objects);
      this.#entered.delete(segment);
    }
    const source = this.#sourceOf(tree.snapshot);
    for (const segment of next) {
      if (this.#entered.has(segment)) continue;
      const read = await this.segments.read(segment, source, this.#onBroken(tree.snapshot));
      if (read !== undefined) this.#entered.set(segment, this.objects.enter(read, segment.owner));
    }
    if (tree.segments.every(({ isBroken }) => !isBroken))
      tree.objects = { ...this.objects.entered };
  }

  /** Passes over what a gc that was killed has taken. */
  async #addForgotten(snapshot: Reference): Promise<void> {
    const onBroken: OnBroken = (error) => {
      if (!isMissingSegment(error)) this.#onBroken(snapshot)(error);
    };
    const { root } = snapshot;
    const segments = await this.segments.of(root, FORGOTTEN, this.#source, onBroken);
    for (const segment of segments) {
      if (segment.level > 0) continue;
      const read = await this.segments.read(segment, this.#source, onBroken);
      if (read !== undefined) this.objects.addForgotten(read);
    }
  }

  #sourceOf({ id }: Reference): SegmentSource {
    return unlessForgottenIn(this.#engine, this.#source, () => id);
  }

  #onBroken({ id }: Reference): OnBroken {
    return (error) => {
      if (endsRun(error) || !isIngotError(error) || error.code === 'INGOT_FORGOTTEN') throw error;
      this.#options.onDamaged({ id, failure: error.toFailure() });
    };
  }
}

/** Snapshots of the same sources, which have most in common, one after the other. */
function bySeries(one: CountedTree, other: CountedTree): number {
  const [series, another] = [seriesOf(one.snapshot), seriesOf(other.snapshot)];
  return series === another ? one.owner - other.owner : series < another ? -1 : 1;
}

function seriesOf({ host, sources }: Reference): string {
  return JSON.stringify([host, sources.map(({ real }) => real)]);
}
