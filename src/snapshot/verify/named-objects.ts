/** The objects that snapshots name: each once, sorted by digest, in bounded memory. */
import type { Digest } from '../../digest.ts';
import { ExternalSort } from '../../sort/external-sort.ts';
import type { FileEntry } from '../entry.ts';

export interface NamedObject {
  readonly digest: Digest;
  /** In bytes, as an entry says. */
  readonly size: number;
}

const DIGEST_BYTES = 32;
const KEY_BYTES = DIGEST_BYTES + 8;
const NOTHING = Buffer.alloc(0);

export class NamedObjects {
  readonly #sort = new ExternalSort('cannot sort the objects of snapshots');
  readonly #key = Buffer.alloc(KEY_BYTES);

  /** Throws an IngotError when spilling fails. */
  add({ digest, size }: Pick<FileEntry, 'digest' | 'size'>): void {
    this.#key.write(digest, 'hex');
    this.#key.writeBigUInt64BE(BigInt(size), DIGEST_BYTES);
    this.#sort.add(this.#key, NOTHING);
  }

  /** A page at a time. An object to which entries give several sizes comes once for each. */
  *pages(most: number): Generator<NamedObject[]> {
    let page: NamedObject[] = [];
    const before = Buffer.alloc(KEY_BYTES);
    let isFirst = true;
    for (const { bytes, payloadAt } of this.#sort.sorted()) {
      if (!isFirst && bytes.compare(before, 0, KEY_BYTES, payloadAt, payloadAt + KEY_BYTES) === 0)
        continue;
      isFirst = false;
      bytes.copy(before, 0, payloadAt, payloadAt + KEY_BYTES);
      const digest = before.toString('hex', 0, DIGEST_BYTES) as Digest;
      page.push({ digest, size: Number(before.readBigUInt64BE(DIGEST_BYTES)) });
      if (page.length < most) continue;
      yield page;
      page = [];
    }
    if (page.length > 0) yield page;
  }

  /** Gives up what was spilled. */
  close(): void {
    this.#sort.close();
  }
}
