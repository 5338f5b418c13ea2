/** What a tree sums up to. */
import type { SortedRecord } from '../sort/sorted-record.ts';
import { bodyEnd, bodyStart, gidIn, KIND, kindIn, lacksXattrs, uidIn } from './block.ts';
import type { EntryCounts } from './reference.ts';

export interface TreeFacts {
  readonly counts: EntryCounts;
  /** Why something is missing, and how often, sorted. */
  readonly lacks: readonly (readonly [why: string, count: number])[];
  /** False when something that was to be recorded is not. */
  readonly complete: boolean;
  /** Owners of entries, sorted. */
  readonly uids: readonly number[];
  readonly gids: readonly number[];
}

/** What no snapshot holds, or was removed before anybody could read it. */
const NOT_RECORDED: ReadonlySet<string> = new Set([
  ...['socket', 'fifo', 'device', 'other', 'vanished'],
]);

/** A table of names has no more: whoever makes so many owners has no use for it. */
const MAX_OWNERS = 10_000;

const WHY = /"(?:why|lacks)":"([^"]+)"/;

/** Counts the entries of a tree. */
export class Summary {
  readonly #counts = [0, 0, 0, 0, 0];
  readonly #lacks = new Map<string, number>();
  readonly #uids = new Owners();
  readonly #gids = new Owners();

  add(record: SortedRecord): void {
    const kind = kindIn(record);
    this.#counts[kind]!++;
    if (kind !== KIND.missing) {
      this.#uids.add(uidIn(record));
      this.#gids.add(gidIn(record));
    }
    if (kind !== KIND.file && kind !== KIND.link) this.#addLacking(record);
    if (lacksXattrs(record)) this.lacks('xattrs');
  }

  /** Something that has no line of its own. */
  lacks(why: string): void {
    this.#lacks.set(why, (this.#lacks.get(why) ?? 0) + 1);
  }

  facts(): TreeFacts {
    const [, directories, files, links, missing] = this.#counts;
    return {
      counts: { directories: directories!, files: files!, links: links!, missing: missing! },
      lacks: [...this.#lacks].sort(([a], [b]) => (a < b ? -1 : 1)),
      complete: [...this.#lacks.keys()].every((why) => NOT_RECORDED.has(why)),
      uids: this.#uids.sorted(),
      gids: this.#gids.sorted(),
    };
  }

  /** A quote in a name is escaped, so that nothing but a key looks like one. */
  #addLacking(record: SortedRecord): void {
    const body = record.bytes.toString('latin1', bodyStart(record), bodyEnd(record));
    const why = WHY.exec(body)?.[1];
    if (why !== undefined) this.lacks(why);
  }
}

class Owners {
  readonly #ids = new Set<number>();
  /** Most entries have the owner of the one before. */
  #last = -1;

  add(id: number): void {
    if (id === this.#last) return;
    this.#last = id;
    if (this.#ids.size < MAX_OWNERS) this.#ids.add(id);
  }

  sorted(): number[] {
    return [...this.#ids].sort((a, b) => a - b);
  }
}
