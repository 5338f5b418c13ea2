/** Which entries of a tree are names of one file. */
import { digestOf } from '../digest.ts';
import type { FileOps } from '../files/file-ops.ts';
import { ExternalSort } from '../sort/external-sort.ts';
import { recordsIn, type SortedRecord } from '../sort/sorted-record.ts';
import { identityIn, KIND, kindIn, linksIn, nameIn } from './block.ts';

const DIGEST_BYTES = 32;
const NOTHING = Buffer.alloc(0);
const CHUNK_BYTES = 4 << 20;
const WHAT = 'cannot sort the hard links of the snapshot';

/**
 * Names of one file have its device and inode, and equal lines. Those of a group are sorted by their
 * paths, and it is called by the first.
 */
export class HardLinks {
  readonly #ops: FileOps;
  #byFile: ExternalSort | undefined;
  #byPath: ExternalSort | undefined;
  #groups: Generator<SortedRecord> | undefined;
  #next: SortedRecord | undefined;

  constructor(ops: FileOps) {
    this.#ops = ops;
  }

  /** `directory`: bytes of its path, with a slash at the end. */
  add(directory: Buffer, block: Buffer): void {
    this.#byFile ??= this.#newSort();
    for (const record of recordsIn(block)) {
      if (kindIn(record) !== KIND.file || linksIn(record) < 2) continue;
      const identity = Buffer.from(digestOf(identityIn(record)), 'hex');
      this.#byFile.add(Buffer.concat([identity, directory, nameIn(record)]), NOTHING);
    }
  }

  /** To be called once all are added, and before each writing of the tree. */
  sort(): void {
    if (this.#byFile === undefined) return;
    this.#byPath?.close();
    this.#byPath = this.#newSort();
    let first: Buffer | undefined;
    let group: Buffer | undefined;
    for (const record of this.#byFile.sorted()) {
      const key = nameIn(record);
      const path = key.subarray(DIGEST_BYTES);
      if (first?.compare(key, 0, DIGEST_BYTES, 0, DIGEST_BYTES) !== 0) {
        first = Buffer.from(key);
        group = undefined;
        continue;
      }
      const firstPath = first.subarray(DIGEST_BYTES);
      if (group === undefined) {
        group = Buffer.from(`,"group":"${digestOf(firstPath)}"`);
        this.#byPath.add(firstPath, group);
      }
      this.#byPath.add(path, group);
    }
    this.#groups = this.#byPath.sorted();
    this.#advance();
  }

  /**
   * What the line of an entry says of its group; undefined for none. Entries have to be asked for in
   * the order of their paths.
   */
  groupOf(directory: Buffer, record: SortedRecord): Buffer | undefined {
    if (this.#next === undefined) return undefined;
    const path = Buffer.concat([directory, nameIn(record)]);
    while (this.#next !== undefined && nameIn(this.#next).compare(path) < 0) this.#advance();
    if (this.#next === undefined || !nameIn(this.#next).equals(path)) return undefined;
    const { bytes, payloadAt, payloadLength } = this.#next;
    return Buffer.from(bytes.subarray(payloadAt, payloadAt + payloadLength));
  }

  close(): void {
    this.#byFile?.close();
    this.#byPath?.close();
  }

  #advance(): void {
    const { value, done } = this.#groups!.next();
    this.#next = done ? undefined : value;
  }

  #newSort(): ExternalSort {
    return new ExternalSort(WHAT, { chunkBytes: CHUNK_BYTES, ops: this.#ops });
  }
}
