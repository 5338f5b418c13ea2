/**
 * Checks the trees of snapshots, one after the other. A segment that was read in an earlier tree,
 * after the same segment, is not read again: the trees of a row of snapshots are nearly the same.
 */
import { type Digest, digestOf } from '../../digest.ts';
import { codeOf, type IngotError } from '../../errors.ts';
import { Turns } from '../../turns.ts';
import { Cursor } from '../cursor.ts';
import { type Entry, type FileEntry, keyOfEntry } from '../entry.ts';
import { compareKeys } from '../position.ts';
import type { EntryCounts, Reference } from '../reference.ts';
import { damagedReference, damagedSegment } from '../refusals.ts';
import { isRef, keyOfRef, type SegmentRef } from '../segment.ts';
import type { SegmentSource } from '../storage.ts';
import { LinkCheck } from './link-check.ts';

export interface TreeCheckOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called with each file of each segment that is read. */
  readonly onFile: (file: FileEntry) => void;
  readonly onDamaged: (id: string, error: IngotError) => void;
  /** Called a few times a second. */
  readonly onProgress: () => void;
}

/** What is in a segment of level 0. */
interface Content {
  /** It, in its place: it and the one before it. */
  readonly key: Digest;
  readonly counts: Counts;
  /** The key of its last entry. */
  last: string;
  hasGroups: boolean;
}

type Counts = { -readonly [Type in keyof EntryCounts]: number };

const COUNTED = {
  directory: 'directories',
  file: 'files',
  link: 'links',
  missing: 'missing',
} as const;

/** Entries between two looks at the clock. */
const ENTRIES_PER_LOOK = 16;

export class TreeCheck {
  /** Segments that were read. */
  segments = 0;
  /** Entries of all trees so far, also those that were not read again. */
  entries = 0;
  readonly source: SegmentSource;
  readonly options: TreeCheckOptions;
  /** Segments that need not be read again. */
  readonly known = new Map<Digest, Content>();

  constructor(source: SegmentSource, options: TreeCheckOptions) {
    this.source = source;
    this.options = options;
  }

  /**
   * Reads a tree but for what is known. Damage is reported, each segment of it on its own. Throws an
   * IngotError where the store cannot be read.
   */
  async check(reference: Reference): Promise<void> {
    const links = new LinkCheck();
    try {
      const found = await new TreeWalk(this, reference, links).walk();
      const why = found && (whyOtherCounts(reference.counts, found) ?? links.whyOdd());
      if (why !== undefined)
        this.options.onDamaged(reference.id, damagedReference(reference.id, why));
    } finally {
      links.close();
    }
  }
}

/** One tree, once. */
class TreeWalk {
  readonly #check: TreeCheck;
  readonly #id: string;
  readonly #links: LinkCheck;
  readonly #cursor: Cursor;
  readonly #turns: Turns;
  readonly #counts = newCounts();
  #isWhole = true;
  /** The segment that is being read. */
  #content: Content | undefined;
  /** The segment before, which was not read; undefined where it was. */
  #passed: Content | undefined;
  /** Which segment that is, read or not. */
  #before = '';

  constructor(check: TreeCheck, { id, root }: Reference, links: LinkCheck) {
    this.#check = check;
    this.#id = id;
    this.#links = links;
    this.#cursor = new Cursor(check.source, root);
    const { signal } = check.options;
    this.#turns = new Turns({ stepsPerLook: ENTRIES_PER_LOOK, signal });
  }

  /** The sums of all segments; undefined when some could not be read. */
  async walk(): Promise<EntryCounts | undefined> {
    for (let { item } = this.#cursor; item !== undefined; item = this.#cursor.item) {
      if (this.#turns.isDue()) {
        this.#check.options.onProgress();
        await this.#turns.take();
      }
      if (isRef(item)) await this.#enter(item);
      else this.#meet(item);
    }
    this.#leave();
    return this.#isWhole ? this.#counts : undefined;
  }

  async #enter(ref: SegmentRef): Promise<void> {
    this.#leave();
    if (ref.level > 0) {
      if (!(await this.#open(ref))) this.#passBy();
      return;
    }
    const which = JSON.stringify(ref);
    const key = digestOf(Buffer.from(`${this.#before}\n${which}`));
    this.#before = which;
    const known = this.#check.known.get(key);
    if (known !== undefined) {
      add(known.counts, this.#counts);
      this.#check.entries += ref.entries;
      this.#passed = known;
      this.#cursor.next();
    } else if (await this.#open(ref))
      this.#content = { key, counts: newCounts(), last: '', hasGroups: false };
    else this.#passBy();
  }

  /** False for one that is damaged, which is reported. */
  async #open(ref: SegmentRef): Promise<boolean> {
    try {
      if (this.#passed !== undefined) requireAfter(this.#passed, ref);
      await this.#cursor.open(ref);
      this.#check.segments++;
      return true;
    } catch (error) {
      if (codeOf(error) !== 'INGOT_DAMAGED') throw error;
      this.#check.options.onDamaged(this.#id, error as IngotError);
      return false;
    }
  }

  /** Nothing is known of what comes next. */
  #passBy(): void {
    this.#isWhole = false;
    this.#passed = undefined;
    this.#before = '';
    this.#cursor.next();
  }

  #meet(entry: Entry): void {
    const content = this.#content!;
    content.counts[COUNTED[entry.type]]++;
    content.last = keyOfEntry(entry);
    this.#check.entries++;
    if (entry.type === 'file') {
      this.#check.options.onFile(entry);
      if (entry.group !== undefined) {
        content.hasGroups = true;
        this.#links.add(entry, entry.group);
      }
    }
    this.#cursor.next();
  }

  /** Ends the segment that is being read. */
  #leave(): void {
    const content = this.#content;
    if (content === undefined) return;
    add(content.counts, this.#counts);
    // The names of a group may lie in many segments, and are compared in each tree.
    if (!content.hasGroups) this.#check.known.set(content.key, content);
    this.#content = undefined;
    this.#passed = undefined;
  }
}

/** What the cursor checks itself where it has read the segment before. */
function requireAfter({ last }: Content, ref: SegmentRef): void {
  if (compareKeys(last, keyOfRef(ref)) >= 0)
    throw damagedSegment(ref.digest, 'segments are out of order');
  if (!last.startsWith(ref.directory))
    throw damagedSegment(ref.digest, 'the directory of its first entry does not come before it');
}

function newCounts(): Counts {
  return { directories: 0, files: 0, links: 0, missing: 0 };
}

function add(counts: EntryCounts, to: Counts): void {
  for (const type of Object.values(COUNTED)) to[type] += counts[type];
}

function whyOtherCounts(said: EntryCounts, found: EntryCounts): string | undefined {
  const other = Object.values(COUNTED).find((type) => said[type] !== found[type]);
  return other && `it is said to have ${said[other]} ${other}, and its tree has ${found[other]}`;
}
