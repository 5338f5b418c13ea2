/**
 * Writes the segments of a tree. Entries come in order, one by one; of each level one segment is in
 * memory, whatever the number of entries.
 */
import { hashOfLine } from './cut.ts';
import type { Entry } from './entry.ts';
import { encodeEntry } from './entry-line.ts';
import { OpenSegment } from './open-segment.ts';
import { Position } from './position.ts';
import { notRecorded } from './refusals.ts';
import { isTooLong, type Root, type SegmentRef } from './segment.ts';
import type { SegmentStorage } from './storage.ts';

export class TreeWriter {
  readonly #storage: Pick<SegmentStorage, 'put'>;
  readonly #position = new Position();
  /** Of each level the segment that is being written. */
  readonly #levels: OpenSegment[] = [new OpenSegment(0)];
  /** Bytes of all files. */
  #size = 0;

  constructor(storage: Pick<SegmentStorage, 'put'>) {
    this.#storage = storage;
  }

  /**
   * Takes the next entry. Gives a promise when the next one has to wait for it: it rejects with what
   * the storage throws. Throws an IngotError for an entry that no snapshot can hold, or that does not
   * come in order: it is left out then, and others may follow.
   */
  add(entry: Entry): Promise<void> | undefined {
    const { path } = entry;
    const slash = path.lastIndexOf('/') + 1;
    const directory = path.slice(0, slash);
    const name = path.slice(slash);
    const levels = this.#position.levelsTo(directory);
    if (levels === undefined) throw notRecorded(path, 'its directory does not come before it');
    const segment = this.#levels[0]!;
    const isDirectory = entry.type === 'directory';
    const line = encodeEntry(entry, name, segment.isEmpty ? 0 : levels);
    const size = entry.type === 'file' ? entry.size : 0;
    const why = this.#whyTooLarge(line, size) ?? this.#position.pass(levels, name, isDirectory);
    if (why !== undefined) throw notRecorded(path, why);
    this.#size += size;
    const first = isDirectory && name !== '' ? `${name}/` : name;
    segment.append(line, { directory, first, entries: 1, size });
    return segment.isAtEnd(() => hashOfEntry(entry, name)) ? this.#close(segment) : undefined;
  }

  /** Ends the tree. Throws what the storage throws. */
  async finish(): Promise<Root> {
    let level = 0;
    for (; level < this.#levels.length - 1; level++)
      if (!this.#levels[level]!.isEmpty) await this.#close(this.#levels[level]!);
    const { only } = this.#levels[level]!;
    const root = only ?? (await this.#put(this.#levels[level]!));
    return { digest: root.digest, level: root.level, entries: root.entries, size: root.size };
  }

  #whyTooLarge(line: string, size: number): string | undefined {
    if (isTooLong(line)) return 'its extended attributes are too large';
    return Number.isSafeInteger(this.#size + size)
      ? undefined
      : 'the tree is larger than 2^53 bytes';
  }

  /** Stores a segment, and adds a reference to it to the level above. */
  async #close(segment: OpenSegment): Promise<void> {
    const ref = await this.#put(segment);
    const level = segment.level + 1;
    this.#levels[level] ??= new OpenSegment(level);
    const above = this.#levels[level];
    above.appendRef(ref);
    if (above.isAtEnd(() => hashOfLine(ref.first, ref.digest))) await this.#close(above);
  }

  /** Stores a segment, which is empty afterwards. */
  async #put(segment: OpenSegment): Promise<SegmentRef> {
    const { bytes, refWith } = segment.take();
    return refWith(await this.#storage.put(bytes));
  }
}

function hashOfEntry(entry: Entry, name: string): number {
  if (entry.type === 'file') return hashOfLine(name, entry.digest);
  return hashOfLine(name, undefined, entry.type === 'link' ? entry.target : '');
}
