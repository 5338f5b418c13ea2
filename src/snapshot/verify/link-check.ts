/** Checks the hard-link groups of one tree, in bounded memory. */
import type { Digest } from '../../digest.ts';
import { printable } from '../../errors.ts';
import { escapeName, toBytes } from '../../names.ts';
import { ExternalSort } from '../../sort/external-sort.ts';
import { NAMES_PER_LOOK, Turns } from '../../turns.ts';
import { type FileEntry, factsDigest, groupOf } from '../entry.ts';

const GROUP_BYTES = 32;
const ORDER_BYTES = 6;

export class LinkCheck {
  /** By group, then in the order of the tree; each with the digest of its facts, and its path. */
  #sort: ExternalSort | undefined;
  #count = 0;

  /** Takes the files of groups, in the order of the tree. Throws an IngotError. */
  add(file: FileEntry, group: Digest): void {
    this.#sort ??= new ExternalSort('cannot check hard links', { chunkBytes: CHUNK_BYTES });
    const key = Buffer.alloc(GROUP_BYTES + ORDER_BYTES);
    key.write(group, 'hex');
    key.writeUIntBE(this.#count++, GROUP_BYTES, ORDER_BYTES);
    const facts = Buffer.from(factsDigest(file), 'hex');
    this.#sort.add(key, Buffer.concat([facts, toBytes(file.path)]));
  }

  /**
   * Why the first group that is none is no group; undefined when all are. Rejects with the signal's
   * reason.
   */
  async whyOdd(signal: AbortSignal | undefined): Promise<string | undefined> {
    const turns = new Turns({ stepsPerLook: NAMES_PER_LOOK, signal });
    let group = '';
    let first = { facts: '', path: '' };
    for (const { bytes, payloadAt, payloadLength } of this.#sort?.sorted() ?? []) {
      if (turns.isDue()) await turns.take();
      const keyAt = payloadAt + payloadLength;
      const found = bytes.toString('hex', keyAt, keyAt + GROUP_BYTES);
      const facts = bytes.toString('hex', payloadAt, payloadAt + FACTS_BYTES);
      const path = escapeName(bytes.subarray(payloadAt + FACTS_BYTES, keyAt));
      if (found !== group) {
        if (groupOf(path) !== found)
          return `the first name of a group of hard links is not ${printable(path)}`;
        group = found;
        first = { facts, path };
      } else if (facts !== first.facts)
        return `${printable(first.path)} and ${printable(path)} are said to be one file, and are not`;
    }
    return undefined;
  }

  /** Gives up what was spilled. */
  close(): void {
    this.#sort?.close();
  }
}

const FACTS_BYTES = 32;
/** Of some ten thousand names. */
const CHUNK_BYTES = 1 << 20;
