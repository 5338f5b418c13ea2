/**
 * Writes the segments of a tree. Lines come in order, one by one; of each level one segment is in
 * memory, whatever the number of entries.
 */
import type { SortedRecord } from '../sort/sorted-record.ts';
import { hashIn, sizeIn } from './block.ts';
import { hashOfLine } from './cut.ts';
import { OpenSegment, type Place } from './open-segment.ts';
import type { Root, SegmentRef } from './segment.ts';
import type { SegmentStorage } from './storage.ts';

export class TreeWriter {
  readonly #storage: Pick<SegmentStorage, 'put'>;
  /** Of each level the segment that is being written. */
  readonly #levels: OpenSegment[] = [new OpenSegment(0)];

  constructor(storage: Pick<SegmentStorage, 'put'>) {
    this.#storage = storage;
  }

  /**
   * Takes the next entry, as a record of a block. Before its line come `up` directories to leave; in
   * it `group`, bytes of JSON, when it is one of several names of a file. Gives a promise when the
   * next one has to wait for it: it rejects with what the storage throws.
   */
  add(
    record: SortedRecord,
    place: Place,
    up: number,
    group: Uint8Array | undefined,
  ): Promise<void> | undefined {
    const segment = this.#levels[0]!;
    segment.appendEntry(record, sizeIn(record), { place, up, group });
    return segment.isAtEnd(hashIn(record)) ? this.#close(segment) : undefined;
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

  /** Stores a segment, and adds a reference to it to the level above. */
  async #close(segment: OpenSegment): Promise<void> {
    const ref = await this.#put(segment);
    const level = segment.level + 1;
    this.#levels[level] ??= new OpenSegment(level);
    const above = this.#levels[level];
    above.appendRef(ref);
    if (above.isAtEnd(hashOfLine(ref.first, ref.digest))) await this.#close(above);
  }

  /** Stores a segment, which is empty afterwards. */
  async #put(segment: OpenSegment): Promise<SegmentRef> {
    const { bytes, refWith } = segment.take();
    return refWith(await this.#storage.put(bytes));
  }
}
