/**
 * One gc, from the marks to the last reference:
 *
 *   mark what snapshots need → objects, flush → segments, flush → references that were forgotten
 *
 * Names go in slices. Each lists the references again under the lock: what a new one needs is marked
 * first. A reference goes when all is durably gone that only it named, so that the next gc finds
 * what this one leaves.
 */
import type { Digest } from '../../digest.ts';
import { type Failure, IngotError } from '../../errors.ts';
import type {
  Collector,
  SliceParts,
  Taken,
  TakenSpace,
  Unneeded,
} from '../../store/seam/collecting.ts';
import type { Engine } from '../../store/seam/engine.ts';
import type { ReadHalf } from '../../store/seam/read.ts';
import { Turns } from '../../turns.ts';
import { catalogOf, idsIn } from '../catalog.ts';
import { isSnapshotId } from '../id.ts';
import type { Reference } from '../reference.ts';
import { StoredSegments } from '../store-segments.ts';
import type { GcOptions, GcReport } from './api.ts';
import { Candidates } from './candidates.ts';
import { Marks } from './marks.ts';
import { interrupted, withoutSnapshots } from './refusals.ts';

/** Names that wait for a slice: as many as one takes, and more. */
const BATCH = 8192;

/** A slice's worth of names. */
type Batch = Pick<SliceParts, 'space' | 'olderThan'> & {
  readonly names: readonly Unneeded[];
  /** No snapshot ever named them. */
  readonly areOrphans: boolean;
};

export class GcRun {
  readonly #engine: Engine;
  readonly #collector: Collector;
  readonly #old: number;
  readonly #options: GcOptions;
  readonly #taken = { objects: nothing(), segments: nothing(), orphans: nothing() };
  #phase: 'marking' | 'removing' = 'marking';
  #references!: ReadHalf<string>;
  #marks!: Marks;
  #candidates!: Candidates;

  /** `old`: what no snapshot ever named goes if it is older, in milliseconds since 1970. */
  constructor(engine: Engine, collector: Collector, old: number, options: GcOptions) {
    this.#engine = engine;
    this.#collector = collector;
    this.#old = old;
    this.#options = options;
  }

  async run(): Promise<GcReport> {
    const { signal } = this.#options;
    try {
      const source = new StoredSegments(await this.#engine.openReader('segments'));
      this.#references = await this.#engine.openReader('references');
      const turns = { signal, onTurn: () => this.#showProgress() };
      this.#marks = new Marks(source, turns);
      this.#candidates = new Candidates(source, this.#marks, turns);
      // Before the marks: one that is brought back in between is marked, and goes no more.
      const forgotten = await this.#readForgotten();
      await this.#marks.find(this.#references, await idsIn(this.#references));
      const roots = forgotten.snapshots.map(({ root }) => root.digest);
      // Orphans are all that is not marked, and the set of that is large.
      if (!this.#options.orphans) this.#marks.wantOnly(await this.#candidates.findAll(roots));
      await this.#marks.mark();
      this.#showProgress();
      this.#phase = 'removing';
      for (const reference of forgotten.snapshots) await this.#takeObjects(reference);
      this.#flush();
      await this.#takeSegments();
      const snapshots = await this.#takeReferences(forgotten.ids);
      if (this.#options.orphans) await this.#takeOrphans();
      return this.#report(snapshots);
    } catch (error) {
      throw signal?.aborted && error === signal.reason ? interrupted(this.#engine.address) : error;
    }
  }

  /** Damaged ones name nothing that is known. */
  async #readForgotten(): Promise<{ snapshots: readonly Reference[]; ids: readonly string[] }> {
    const { snapshots, damaged } = await catalogOf(this.#collector.forgotten);
    for (const { id, failure } of damaged) {
      if (failure.code !== 'INGOT_DAMAGED') throw new IngotError(failure);
      this.#options.onUnreadable?.(id, failure);
    }
    const ids = [...snapshots, ...damaged].map(({ id }) => id);
    return { snapshots, ids: ids.filter(isSnapshotId) };
  }

  async #mark(names: readonly string[]): Promise<void> {
    await this.#marks.find(this.#references, names);
    await this.#marks.mark();
  }

  async #takeObjects({ id, root }: Reference): Promise<void> {
    let names: Unneeded[] = [];
    const onDamaged = (error: unknown) =>
      this.#options.onUnreadable?.(id, (error as IngotError).toFailure());
    for await (const some of this.#candidates.below(root.digest, onDamaged)) {
      names.push(...some);
      if (names.length < BATCH) continue;
      await this.#take({ space: 'objects', names, areOrphans: false });
      names = [];
    }
    await this.#take({ space: 'objects', names, areOrphans: false });
  }

  /** The lowest level first: of what a kill leaves the next gc has to find its way down. */
  async #takeSegments(): Promise<void> {
    // They say what could not be taken.
    if (this.#collector.stuck.count > 0) return;
    for (const level of this.#candidates.segments) {
      if (level === undefined) continue;
      await this.#take({
        space: 'segments',
        names: [...level].map(ofUnknownSize),
        areOrphans: false,
      });
      this.#flush();
    }
  }

  /** Those that came back, if only for a while, have lost nothing, and stay. */
  async #takeReferences(ids: readonly string[]): Promise<number> {
    const going = ids.filter((id) => !this.#marks.references.has(id));
    if (this.#options.dryRun) return going.length;
    if (this.#collector.stuck.count > 0 || going.length === 0) return 0;
    return this.#collector.takeReferences(going);
  }

  async #takeOrphans(): Promise<void> {
    if (this.#marks.references.size === 0) throw withoutSnapshots(this.#engine.address);
    const olderThan = Math.min(this.#old, await this.#collector.oldestWriter());
    for (const space of ['objects', 'segments'] as const) {
      const reader = await this.#engine.openReader(space);
      let names: Unneeded[] = [];
      const take = () => this.#take({ space, names, areOrphans: true, olderThan });
      for await (const page of reader.list({ signal: this.#options.signal })) {
        names.push(...page.filter((name) => !this.#isCounted(space, name)).map(ofUnknownSize));
        if (names.length < BATCH) continue;
        await take();
        names = [];
      }
      await take();
      this.#flush();
    }
  }

  /** What forgotten snapshots name is gone by then, unless nothing goes. */
  #isCounted(space: TakenSpace, name: Digest): boolean {
    if (this.#isNeeded(space, name)) return true;
    if (space === 'objects') return this.#candidates.has(name);
    return this.#candidates.segments.some((level) => level?.has(name));
  }

  #isNeeded(space: TakenSpace, name: Digest): boolean {
    return space === 'objects' ? this.#marks.objects.has(name) : this.#marks.segments.has(name);
  }

  /** In as many slices as it takes. */
  async #take({ names, space, areOrphans, olderThan }: Batch): Promise<void> {
    const taken = areOrphans ? this.#taken.orphans : this.#taken[space];
    // Marks may have come since they were found, and come between slices.
    const unneeded = (some: readonly Unneeded[]) =>
      some.filter(({ name }) => !this.#isNeeded(space, name));
    let waiting = unneeded(names);
    if (this.#options.dryRun) return this.#count(waiting, { space, olderThan }, taken);
    const next = () => waiting.pop();
    const isKnown = (reference: string) => this.#marks.references.has(reference);
    while (waiting.length > 0) {
      this.#options.signal?.throwIfAborted();
      const parts = { space, isKnown, next, olderThan };
      const unknown = await this.#collector.takeSlice(parts, taken);
      if (unknown.length > 0) {
        await this.#mark(unknown);
        waiting = unneeded(waiting);
      }
      this.#showProgress();
    }
  }

  async #count(
    names: readonly Unneeded[],
    parts: Pick<SliceParts, 'space' | 'olderThan'>,
    taken: Taken,
  ): Promise<void> {
    const turns = new Turns({ signal: this.#options.signal });
    for (const { name } of names) {
      if (turns.isDue()) await turns.take();
      const size = this.#collector.sizeOf(name, parts);
      if (size === undefined) continue;
      taken.count++;
      taken.bytes += size;
    }
    this.#showProgress();
  }

  #flush(): void {
    if (!this.#options.dryRun) this.#collector.flush();
  }

  #showProgress(): void {
    const { objects, orphans } = this.#taken;
    this.#options.onProgress?.({
      phase: this.#phase,
      segments: this.#marks.read,
      removed: objects.count + orphans.count,
      bytes: objects.bytes + orphans.bytes,
    });
  }

  #report(snapshots: number): GcReport {
    const { objects, segments, orphans } = this.#taken;
    const { stuck, times } = this.#collector;
    return {
      dryRun: this.#options.dryRun ?? false,
      needed: this.#options.orphans ? this.#marks.objects.size : undefined,
      objects: objects.count,
      bytes: objects.bytes,
      segments: segments.count,
      segmentBytes: segments.bytes,
      orphans: orphans.count,
      orphanBytes: orphans.bytes,
      snapshots,
      stuck: stuck.count,
      firstStuck: stuck.first as Failure | undefined,
      ...times,
    };
  }
}

function ofUnknownSize(name: Digest): Unneeded {
  return { name, size: undefined };
}

function nothing(): Taken {
  return { count: 0, bytes: 0 };
}
