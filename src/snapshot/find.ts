/** Which entries of snapshots have a name. What snapshots share is searched once. */
import { abortSignal, type Checks, callback, requireOptions, strings, wrong } from '../checked.ts';
import { codeOf, failureOf, IngotError } from '../errors.ts';
import { engineAt } from '../store/engines.ts';
import { Turns } from '../turns.ts';
import { type DamagedReference, readCatalog } from './catalog.ts';
import { type Entry, keyOfEntry } from './entry.ts';
import type { Reference } from './reference.ts';
import { isRef, type SegmentRef } from './segment.ts';
import { openSnapshotIn, Snapshot } from './snapshot.ts';

export interface FindOptions {
  /** Names of snapshots, as of `openSnapshot`, each with the path to search. Default: all, wholly. */
  readonly snapshots?: readonly string[] | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called for a snapshot that cannot be read, or not to its end. Default: the failure is thrown. */
  readonly onDamaged?: ((damaged: DamagedReference) => void) | undefined;
}

export interface Found {
  readonly snapshot: Reference;
  readonly entry: Entry;
}

const CHECKS: Checks<FindOptions> = {
  snapshots: strings,
  signal: abortSignal,
  onDamaged: callback,
};

/**
 * The entries that a shell pattern matches, of one snapshot after the other, the oldest first. The
 * pattern is one of .gitignore: with a slash it is about the whole path, without one about the last
 * name; a slash at its end means directories; `**` stands for any directories. Names are matched byte
 * by byte. Throws what `openSnapshot` throws.
 */
export async function* find(
  store: string,
  pattern: string,
  options: FindOptions = {},
): AsyncGenerator<Found, void, undefined> {
  requireOptions(options, CHECKS);
  const matches = await matcherOf(pattern);
  const memory = new SegmentMemory();
  const turns = new Turns({ stepsPerLook: STEPS_PER_LOOK, signal: options.signal });
  for await (const snapshot of opened(store, options)) {
    const { reference } = snapshot;
    try {
      for await (const entry of matching(snapshot, matches, memory, turns))
        yield { snapshot: reference, entry };
    } catch (error) {
      if (options.onDamaged === undefined || codeOf(error) !== 'INGOT_DAMAGED') throw error;
      options.onDamaged({ id: reference.id, failure: failureOf('cannot search it', error) });
    }
  }
}

const STEPS_PER_LOOK = 64;

async function* opened(
  store: string,
  { snapshots: names, onDamaged }: FindOptions,
): AsyncGenerator<Snapshot> {
  const engine = engineAt(store);
  if (names !== undefined) {
    for (const name of names) yield await openSnapshotIn(engine, name);
    return;
  }
  const { snapshots, damaged } = await readCatalog(engine);
  for (const each of damaged) {
    if (onDamaged === undefined) throw new IngotError(each.failure);
    onDamaged(each);
  }
  for (const reference of snapshots) yield await Snapshot.open(engine, reference);
}

type Matches = (entry: Entry) => boolean;

/** Throws a UsageError. */
async function matcherOf(pattern: string): Promise<Matches> {
  if (typeof pattern !== 'string') throw wrong('pattern', pattern, 'a string');
  if (pattern === '') throw wrong('pattern', 'the empty string', 'a pattern');
  // What begins a comment or an exception in a file of patterns, and spaces at its end.
  const line = pattern.replace(/^[!#]/, '\\$&').replace(/ +$/, (end) => '\\ '.repeat(end.length));
  // Its packages are loaded by those who search: CommonJS under Yarn's Plug'n'Play finds none.
  const { loadExcludes } = await import('../sources/walk/exclude/excludes.ts');
  const patterns = (await loadExcludes([line]))!;
  return ({ path, type }) => path !== '' && patterns.excludes(path, type === 'directory');
}

/** The entries in a part of a snapshot that match, in order. */
async function* matching(
  { entry, path, tree }: Snapshot,
  matches: Matches,
  memory: SegmentMemory,
  turns: Turns,
): AsyncGenerator<Entry> {
  if (entry !== undefined && matches(entry)) yield entry;
  if (entry !== undefined && entry.type !== 'directory') return;
  const prefix = path && `${path}/`;
  const cursor = tree.cursor();
  if (prefix !== '') await cursor.seek(prefix);
  const search = new Search(memory);
  for (let { item } = cursor; item !== undefined; item = cursor.item) {
    if (turns.isDue()) await turns.take();
    search.leave(cursor.depth);
    if (!isRef(item)) {
      if (!keyOfEntry(item).startsWith(prefix)) return;
      cursor.next();
      if (item.path === path || !matches(item)) continue;
      search.found(item);
      yield item;
      continue;
    }
    const known = memory.get(item);
    if (known === undefined) {
      await cursor.open(item);
      search.enter(item, cursor.depth);
      continue;
    }
    cursor.next();
    for (const each of known) {
      search.found(each);
      if (keyOfEntry(each).startsWith(prefix)) yield each;
    }
  }
  search.leave(0);
}

/** So many entries of one segment and of what is below it are remembered, and so many in all. */
const MOST_OF_SEGMENT = 2_000;
const MOST = 20_000;
const MOST_SEGMENTS = 100_000;
const NOTHING: readonly Entry[] = [];

/** What was found in segments. */
class SegmentMemory {
  readonly #found = new Map<string, readonly Entry[]>();
  #entries = 0;

  get(ref: SegmentRef): readonly Entry[] | undefined {
    return this.#found.get(nameOf(ref));
  }

  keep(name: string, found: readonly Entry[]): void {
    if (this.#found.size >= MOST_SEGMENTS || this.#entries + found.length > MOST) {
      this.#found.clear();
      this.#entries = 0;
    }
    this.#found.set(name, found.length === 0 ? NOTHING : found);
    this.#entries += found.length;
  }
}

/** The same segment may lie in several directories, and has other paths there. */
function nameOf({ digest, directory }: SegmentRef): string {
  return digest + directory;
}

interface OpenSearch {
  readonly name: string;
  readonly depth: number;
  /** Undefined when there are too many. */
  found: Entry[] | undefined;
}

/** What was found so far in each of the segments that are open. */
class Search {
  readonly #memory: SegmentMemory;
  readonly #open: OpenSearch[] = [];

  constructor(memory: SegmentMemory) {
    this.#memory = memory;
  }

  enter(ref: SegmentRef, depth: number): void {
    this.#open.push({ name: nameOf(ref), depth, found: [] });
  }

  found(entry: Entry): void {
    for (const each of this.#open)
      if (each.found !== undefined && each.found.push(entry) > MOST_OF_SEGMENT)
        each.found = undefined;
  }

  /** Remembers those segments that have been searched to their ends. */
  leave(depth: number): void {
    for (let last = this.#open.at(-1); last !== undefined && last.depth > depth; ) {
      this.#open.pop();
      if (last.found !== undefined) this.#memory.keep(last.name, last.found);
      last = this.#open.at(-1);
    }
  }
}
