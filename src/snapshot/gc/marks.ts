/** What snapshots need: the objects, in few bytes, and the segments. */
import type { Digest } from '../../digest.ts';
import type { ReadHalf } from '../../store/seam/read.ts';
import { type TurnOptions, Turns } from '../../turns.ts';
import { readReference } from '../catalog.ts';
import type { Root } from '../segment.ts';
import type { SegmentSource } from '../storage.ts';
import { DigestSet } from './digest-set.ts';
import { cannotCollect } from './refusals.ts';
import { digestAt, readSegment, type ScannedSegment, scanDigests } from './scan-segment.ts';

/** A segment that is still to be read, and a snapshot that needs it. */
interface Waiting {
  readonly digest: Digest;
  readonly id: string;
}

export class Marks {
  /** References that are marked, by their names. */
  readonly references = new Set<string>();
  /** As far as somebody asks for them. */
  readonly objects = new DigestSet();
  readonly segments = new Set<Digest>();
  /** So many segments have been read. */
  read = 0;
  readonly #source: SegmentSource;
  readonly #turns: Turns;
  /** Objects that somebody asks for; undefined for all. */
  #wanted: DigestSet | undefined;
  readonly #found: string[] = [];
  /** Segments that lead to others, and those that name objects. */
  readonly #inner: Waiting[] = [];
  readonly #leaves: Waiting[] = [];

  constructor(source: SegmentSource, turns: Pick<TurnOptions, 'signal' | 'onTurn'>) {
    this.#source = source;
    this.#turns = new Turns(turns);
  }

  /**
   * Finds the segments that references need; one that has gone by now needs nothing. Throws an
   * IngotError for one that cannot be read, and for a segment.
   */
  async find(reader: ReadHalf<string>, names: readonly string[]): Promise<void> {
    for (const name of names) {
      const reference = await readReference(reader, name).catch((error: unknown) => {
        throw cannotCollect(name, error);
      });
      if (reference === undefined) continue;
      await this.findTree(reference.root, name);
      this.#found.push(name);
    }
  }

  /** The segments of the tree of a snapshot. Throws an IngotError for one that cannot be read. */
  async findTree({ digest, level }: Pick<Root, 'digest' | 'level'>, id: string): Promise<void> {
    this.#meet(digest, id, level);
    await this.#findBelow();
  }

  /** From now on only these objects are marked, before any was: a small set is a fast one. */
  wantOnly(wanted: DigestSet): void {
    this.#wanted = wanted;
  }

  /** Marks the objects of all that was found. Throws as `find` does. */
  async mark(): Promise<void> {
    for (let leaf = this.#leaves.pop(); leaf !== undefined; leaf = this.#leaves.pop()) {
      const segment = await this.#read(leaf);
      if (segment.level === 0) this.#markObjects(segment);
      else {
        this.#lead(segment, leaf.id);
        await this.#findBelow();
      }
    }
    // Not before: who is in it is marked whole.
    for (const name of this.#found.splice(0)) this.references.add(name);
  }

  async #findBelow(): Promise<void> {
    for (let next = this.#inner.pop(); next !== undefined; next = this.#inner.pop()) {
      const segment = await this.#read(next);
      if (segment.level === 0) this.#leaves.push(next);
      else this.#lead(segment, next.id);
    }
  }

  #lead(segment: ScannedSegment, id: string): void {
    scanDigests(segment, (at) => this.#meet(digestAt(segment, at), id, segment.level - 1));
  }

  /** `level`: what whoever names it says; what it is shows when it is read. */
  #meet(digest: Digest, id: string, level: number): void {
    if (this.segments.has(digest)) return;
    this.segments.add(digest);
    (level === 0 ? this.#leaves : this.#inner).push({ digest, id });
  }

  async #read({ digest, id }: Waiting): Promise<ScannedSegment> {
    if (this.#turns.isDue()) await this.#turns.take();
    this.read++;
    return readSegment(this.#source, digest).catch((error: unknown) => {
      throw cannotCollect(id, error);
    });
  }

  #markObjects(segment: ScannedSegment): void {
    const { bytes } = segment;
    const wanted = this.#wanted;
    scanDigests(segment, (at) => {
      if (wanted === undefined || wanted.hasAt(bytes, at)) this.objects.add(bytes, at);
    });
  }
}
