/** What snapshots need: the objects, in few bytes, and the segments. */
import type { Digest } from '../../digest.ts';
import { IngotError, isIngotError } from '../../errors.ts';
import type { ReadHalf } from '../../store/seam/read.ts';
import { type TurnOptions, Turns } from '../../turns.ts';
import { readReference } from '../catalog.ts';
import type { SegmentSource } from '../storage.ts';
import { DigestSet } from './digest-set.ts';
import { digestAt, readSegment, scanDigests } from './scan-segment.ts';

export class Marks {
  /** References that are marked, by their names. */
  readonly references = new Set<string>();
  readonly objects = new DigestSet();
  readonly segments = new Set<Digest>();
  readonly #source: SegmentSource;
  readonly #turns: Turns;

  constructor(source: SegmentSource, turns: Pick<TurnOptions, 'signal' | 'onTurn'>) {
    this.#source = source;
    this.#turns = new Turns(turns);
  }

  /**
   * Marks what references need; one that has gone by now needs nothing. Throws an IngotError for one
   * that cannot be read, and for a segment.
   */
  async add(reader: ReadHalf<string>, names: readonly string[]): Promise<void> {
    for (const name of names) {
      const reference = await readReference(reader, name).catch((error: unknown) => {
        throw cannotCollect(name, error);
      });
      if (reference === undefined) continue;
      await this.#addTree(reference.root.digest).catch((error: unknown) => {
        throw cannotCollect(name, error);
      });
      // Not before: who is in it is marked whole.
      this.references.add(name);
    }
  }

  async #addTree(root: Digest): Promise<void> {
    const waiting = [root];
    for (let digest = waiting.pop(); digest !== undefined; digest = waiting.pop()) {
      if (this.segments.has(digest)) continue;
      if (this.#turns.isDue()) await this.#turns.take();
      const segment = await readSegment(this.#source, digest);
      scanDigests(segment, (at) => {
        if (segment.level === 0) this.objects.add(segment.bytes, at);
        else waiting.push(digestAt(segment, at));
      });
      this.segments.add(digest);
    }
  }
}

/** What a snapshot needs cannot be known: nothing goes. */
function cannotCollect(id: string, error: unknown): unknown {
  if (!isIngotError(error)) return error;
  const { code, path = id, why, message } = error;
  const what = `cannot collect: what snapshot ${id} needs is not known`;
  const hint =
    code === 'INGOT_NEWER_FORMAT'
      ? 'use a newer ingot'
      : `'ingot verify' says more; 'ingot forget ${id}' lets go of it`;
  return new IngotError({ what, code, path, why: why ?? message, hint }, error);
}
