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

export class Candidates {
  /** The segments that were met, by their levels, from 0 on. */
  readonly segments: Set<Digest>[] = [];
  /** Objects that were given. */
  readonly #given = new DigestSet();
  readonly #marks: Marks;
  readonly #source: SegmentSource;
  readonly #turns: Turns;

  constructor(source: SegmentSource, marks: Marks, turns: Pick<TurnOptions, 'signal' | 'onTurn'>) {
    this.#source = source;
    this.#marks = marks;
    this.#turns = new Turns(turns);
  }

  /**
   * The objects below the root of a tree that are not marked, a segment's at a time, each once.
   * Passes over what a gc that was killed has taken, and what is damaged: calls with that. Throws an
   * IngotError for a segment of a newer ingot, and where the store cannot be read.
   */
  async *below(root: Digest, onDamaged: (error: unknown) => void): AsyncGenerator<Unneeded[]> {
    const waiting = [root];
    for (let digest = waiting.pop(); digest !== undefined; digest = waiting.pop()) {
      if (this.#marks.segments.has(digest) || this.#isMet(digest)) continue;
      if (this.#turns.isDue()) await this.#turns.take();
      const segment = await this.#read(digest, onDamaged);
      if (segment === undefined) continue;
      this.segments[segment.level] ??= new Set();
      this.segments[segment.level]!.add(digest);
      const objects: Unneeded[] = [];
      scanDigests(segment, (at) => {
        if (segment.level > 0) waiting.push(digestAt(segment, at));
        else if (
          // It becomes a path.
          isDigestAt(segment, at) &&
          !this.#marks.objects.hasAt(segment.bytes, at) &&
          this.#given.add(segment.bytes, at)
        )
          objects.push({ name: digestAt(segment, at), size: sizeAt(segment, at) });
      });
      yield objects;
    }
  }

  /** True for an object that was given. */
  has(digest: Digest): boolean {
    return this.#given.has(digest);
  }

  #isMet(digest: Digest): boolean {
    return this.segments.some((level) => level?.has(digest));
  }

  async #read(
    digest: Digest,
    onDamaged: (error: unknown) => void,
  ): Promise<ScannedSegment | undefined> {
    try {
      return await readSegment(this.#source, digest);
    } catch (error) {
      if (codeOf(error) !== 'INGOT_DAMAGED') throw error;
      if (!isMissingSegment(error)) onDamaged(error);
      return undefined;
    }
  }
}
