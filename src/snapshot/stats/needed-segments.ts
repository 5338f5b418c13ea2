/** The segments that trees need: who needs each, and what lies below it. */
import type { Digest } from '../../digest.ts';
import { Turns } from '../../turns.ts';
import { digestAt, readSegment, type ScannedSegment, scanDigests } from '../gc/scan-segment.ts';
import { damagedSegment } from '../refusals.ts';
import type { SegmentSource } from '../storage.ts';
import { FORGOTTEN, NOBODY, ownedBy } from './owners.ts';

export interface NeededSegment {
  readonly digest: Digest;
  readonly level: number;
  owner: number;
  /** Undefined until it was read. */
  bytes: number | undefined;
  /** Undefined until it was read; of level 0 they are objects. */
  below: readonly NeededSegment[] | undefined;
  /** It cannot be read: what it needs is not known. */
  isBroken: boolean;
  /** The snapshot by which it was met last. */
  metBy: number;
}

/** Called for a segment that cannot be read. What it throws ends the reading. */
export type OnBroken = (error: unknown) => void;

export class NeededSegments {
  readonly #known = new Map<Digest, NeededSegment>();
  readonly #turns: Turns;

  constructor(signal: AbortSignal | undefined) {
    this.#turns = new Turns({ signal });
  }

  get(digest: Digest): NeededSegment | undefined {
    return this.#known.get(digest);
  }

  all(): Iterable<NeededSegment> {
    return this.#known.values();
  }

  /**
   * The segments of a tree, each once. Those above level 0 are read when they are met first. Below
   * one that a live snapshot needs there is nothing that only forgotten ones do.
   */
  async of(
    root: { readonly digest: Digest; readonly level: number },
    owner: number,
    source: SegmentSource,
    onBroken: OnBroken,
  ): Promise<NeededSegment[]> {
    const met: NeededSegment[] = [];
    const waiting = [this.#segment(root.digest, root.level)];
    for (let segment = waiting.pop(); segment !== undefined; segment = waiting.pop()) {
      if (segment.metBy === owner) continue;
      if (owner === FORGOTTEN && segment.owner !== NOBODY) continue;
      if (this.#turns.isDue()) await this.#turns.take();
      segment.metBy = owner;
      segment.owner = ownedBy(segment.owner, owner);
      met.push(segment);
      if (segment.level === 0) continue;
      if (segment.below === undefined && !segment.isBroken)
        await this.read(segment, source, onBroken);
      waiting.push(...(segment.below ?? []));
    }
    return met;
  }

  /** Undefined for one that cannot be read. */
  async read(
    segment: NeededSegment,
    source: SegmentSource,
    onBroken: OnBroken,
  ): Promise<ScannedSegment | undefined> {
    if (segment.isBroken) return undefined;
    if (this.#turns.isDue()) await this.#turns.take();
    const { digest, level } = segment;
    try {
      const scanned = await readSegment(source, digest);
      if (scanned.level !== level) throw damagedSegment(digest, `it is not of level ${level}`);
      segment.bytes = scanned.bytes.length;
      const below: NeededSegment[] = [];
      if (level > 0)
        scanDigests(
          scanned,
          (at) => void below.push(this.#segment(digestAt(scanned, at), level - 1)),
        );
      segment.below = below;
      return scanned;
    } catch (error) {
      onBroken(error);
      segment.isBroken = true;
      return undefined;
    }
  }

  #segment(digest: Digest, level: number): NeededSegment {
    let segment = this.#known.get(digest);
    if (segment === undefined) {
      segment = {
        ...{ digest, level, owner: NOBODY, metBy: NOBODY },
        ...{ bytes: undefined, below: undefined, isBroken: false },
      };
      this.#known.set(digest, segment);
    }
    return segment;
  }
}
