/** What forgotten snapshots name, and may go. */
import type { Digest } from '../../digest.ts';
import { codeOf } from '../../errors.ts';
import type { Unneeded } from '../../store/seam/collecting.ts';
import { type TurnOptions, Turns } from '../../turns.ts';
import type { SegmentSource } from '../storage.ts';
import { isMissingSegment } from '../store-segments.ts';
import { DigestSet } from './digest-set.ts';
import type { Marks } from './marks.ts';
import {
  digestAt,
  isDigestAt,
  readSegment,
  type ScannedSegment,
  scanDigests,
  sizeAt,
} from './scan-segment.ts';

type OnDamaged = (error: unknown) => void;

export class Candidates {
  /** The segments that were met, by their levels, from 0 on. */
  readonly segments: Set<Digest>[] = [];
  readonly #met = new Set<Digest>();
  /** Objects that were given. */
  readonly #given = new DigestSet();
  readonly #marks: Marks;
  readonly #source: SegmentSource;
  readonly #turns: Turns;
  /** All that may be given; undefined where everything may. */
  #all: DigestSet | undefined;

  constructor(source: SegmentSource, marks: Marks, turns: Pick<TurnOptions, 'signal' | 'onTurn'>) {
    this.#source = source;
    this.#marks = marks;
    this.#turns = new Turns(turns);
  }

  /**
   * Finds the objects below roots in segments that no snapshot needs, as far as these are found.
   * Nothing else is ever given then, so only these have to be marked.
   */
  async findAll(roots: readonly Digest[]): Promise<DigestSet> {
    const all = new DigestSet();
    const met = new Set<Digest>();
    for (const root of roots) {
      for await (const segment of this.#segmentsBelow(root, met, () => {})) {
        if (segment.level > 0) continue;
        scanDigests(segment, (at) => all.add(segment.bytes, at));
      }
    }
    this.#all = all;
    return all;
  }

  /**
   * The objects below the root of a tree that are not marked, a segment's at a time, each once.
   * Passes over what a gc that was killed has taken, and what is damaged: calls with that. Throws an
   * IngotError for a segment of a newer ingot, and where the store cannot be read.
   */
  async *below(root: Digest, onDamaged: OnDamaged): AsyncGenerator<Unneeded[]> {
    for await (const segment of this.#segmentsBelow(root, this.#met, onDamaged)) {
      this.segments[segment.level] ??= new Set();
      this.segments[segment.level]!.add(segment.digest);
      if (segment.level === 0) yield this.#objectsIn(segment);
    }
  }

  /** True for an object that was given. */
  has(digest: Digest): boolean {
    return this.#given.has(digest);
  }

  #objectsIn(segment: ScannedSegment): Unneeded[] {
    const objects: Unneeded[] = [];
    scanDigests(segment, (at) => {
      if (
        // It becomes a path.
        isDigestAt(segment, at) &&
        this.#all?.hasAt(segment.bytes, at) !== false &&
        !this.#marks.objects.hasAt(segment.bytes, at) &&
        this.#given.add(segment.bytes, at)
      )
        objects.push({ name: digestAt(segment, at), size: sizeAt(segment, at) });
    });
    return objects;
  }

  /** Those that no snapshot needs, and that are not `met`; what is given is added to these. */
  async *#segmentsBelow(
    root: Digest,
    met: Set<Digest>,
    onDamaged: OnDamaged,
  ): AsyncGenerator<ScannedSegment> {
    const waiting = [root];
    for (let digest = waiting.pop(); digest !== undefined; digest = waiting.pop()) {
      if (this.#marks.segments.has(digest) || met.has(digest)) continue;
      if (this.#turns.isDue()) await this.#turns.take();
      const segment = await this.#read(digest, onDamaged);
      if (segment === undefined) continue;
      met.add(digest);
      if (segment.level > 0) scanDigests(segment, (at) => waiting.push(digestAt(segment, at)));
      yield segment;
    }
  }

  async #read(digest: Digest, onDamaged: OnDamaged): Promise<ScannedSegment | undefined> {
    try {
      return await readSegment(this.#source, digest);
    } catch (error) {
      if (codeOf(error) !== 'INGOT_DAMAGED') throw error;
      if (!isMissingSegment(error)) onDamaged(error);
      return undefined;
    }
  }
}
