/** Objects that snapshots name and that are not there whole, and the entries that they take along. */
import type { Digest } from '../../digest.ts';
import { Turns } from '../../turns.ts';
import { Cursor } from '../cursor.ts';
import type { FileEntry } from '../entry.ts';
import type { Reference } from '../reference.ts';
import { isRef } from '../segment.ts';
import type { SegmentSource } from '../storage.ts';
import { endsRun } from './damage.ts';

/** `quarantined`: it was damaged, and this verify has moved it aside. */
export type LostState = 'missing' | 'damaged' | 'quarantined' | 'of another size';

export interface LostObject {
  readonly digest: Digest;
  readonly state: LostState;
  /** In bytes, as a snapshot says. */
  readonly size: number;
  /** Of a snapshot that names it. */
  readonly snapshot: string;
  /** Entries of that snapshot which need it: one, or with `snapshot` given all. */
  readonly paths: readonly string[];
  /** More entries that need it. A part that snapshots share counts once. */
  readonly others: number;
}

/** So many objects, and so many of their paths, are named; more are only counted. */
const MAX_NAMED = 10_000;
const ENTRIES_PER_LOOK = 16;

interface Needed {
  readonly object: { readonly digest: Digest; readonly state: LostState; readonly size: number };
  snapshot: string;
  readonly paths: string[];
  others: number;
}

export class LostObjects {
  /** By half as many bytes as the digests have as text: there may be as many as objects. */
  readonly #states = new Map<string, LostState>();
  readonly #named = new Map<Digest, Needed>();

  /** Of one that is added again the later state counts. */
  add(digest: Digest, state: LostState, size: number): void {
    this.#states.set(shortOf(digest), state);
    if (this.#named.size >= MAX_NAMED && !this.#named.has(digest)) return;
    this.#named.set(digest, {
      object: { digest, state, size },
      snapshot: '',
      paths: [],
      others: 0,
    });
  }

  get count(): number {
    return this.#states.size;
  }

  /** Undefined for one that is not lost. */
  stateOf(digest: Digest): LostState | undefined {
    return this.#states.get(shortOf(digest));
  }

  /**
   * Drops what none of these snapshots names; gives how many of that were missing. Throws as
   * `needed`.
   */
  async dropUnneeded(
    source: SegmentSource,
    references: readonly Reference[],
    signal: AbortSignal | undefined,
  ): Promise<number> {
    if (this.#states.size === 0) return 0;
    const needed = new Set<string>();
    for await (const [{ digest }] of filesOf(source, references, signal))
      if (this.#states.has(shortOf(digest))) needed.add(shortOf(digest));
    let missing = 0;
    for (const [short, state] of this.#states) {
      if (needed.has(short)) continue;
      this.#states.delete(short);
      if (state === 'missing') missing++;
    }
    for (const digest of this.#named.keys())
      if (!needed.has(shortOf(digest))) this.#named.delete(digest);
    return missing;
  }

  /**
   * The objects, with what needs them. `all`: with all paths. Throws an IngotError where the store
   * is short of something; passes over what is damaged.
   */
  async *needed(
    source: SegmentSource,
    references: readonly Reference[],
    { all, signal }: { readonly all: boolean; readonly signal: AbortSignal | undefined },
  ): AsyncGenerator<LostObject> {
    if (this.#named.size === 0) return;
    let paths = 0;
    for await (const [file, { id }] of filesOf(source, references, signal)) {
      const needed = this.#named.get(file.digest);
      if (needed === undefined) continue;
      if (needed.paths.length === 0 || (all && paths < MAX_NAMED)) {
        needed.snapshot = id;
        paths = needed.paths.push(file.path) > 1 ? paths + 1 : paths;
      } else needed.others++;
    }
    for (const { object, snapshot, paths, others } of this.#named.values())
      yield { ...object, snapshot, paths, others };
  }
}

function shortOf(digest: Digest): string {
  return Buffer.from(digest, 'hex').toString('latin1');
}

/** The files of trees; those of a segment that trees share once. */
async function* filesOf(
  source: SegmentSource,
  references: readonly Reference[],
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly [FileEntry, Reference]> {
  const turns = new Turns({ stepsPerLook: ENTRIES_PER_LOOK, signal });
  const met = new Set<string>();
  for (const reference of references) {
    const cursor = new Cursor(source, reference.root);
    for (let { item } = cursor; item !== undefined; item = cursor.item) {
      if (turns.isDue()) await turns.take();
      if (!isRef(item)) {
        if (item.type === 'file') yield [item, reference];
        cursor.next();
        continue;
      }
      const place = `${item.digest} ${item.directory}`;
      const isMet = met.has(place);
      met.add(place);
      const isOpen =
        !isMet &&
        (await cursor.open(item).then(
          () => true,
          (error: unknown) => {
            if (endsRun(error)) throw error;
            return false;
          },
        ));
      if (!isOpen) cursor.next();
    }
  }
}
