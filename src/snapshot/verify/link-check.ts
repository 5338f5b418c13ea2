/** Checks the hard-link groups of one tree, in bounded memory. */
import { type Digest, digestOf } from '../../digest.ts';
import { printable } from '../../errors.ts';
import { escapeName, toBytes } from '../../names.ts';
import { ExternalSort } from '../../sort/external-sort.ts';
import { type FileEntry, groupOf } from '../entry.ts';
import { encodeXattrs } from '../xattrs.ts';

const GROUP_BYTES = 32;
const ORDER_BYTES = 6;

export class LinkCheck {
  /** By group, then in the order of the tree; each with the digest of its line, and its path. */
  #sort: ExternalSort | undefined;
  #count = 0;

  /** Takes the files of groups, in the order of the tree. Throws an IngotError. */
  add(file: FileEntry, group: Digest): void {
    this.#sort ??= new ExternalSort('cannot check hard links', { chunkBytes: CHUNK_BYTES });
    const key = Buffer.alloc(GROUP_BYTES + ORDER_BYTES);
    key.write(group, 'hex');
    key.writeUIntBE(this.#count++, GROUP_BYTES, ORDER_BYTES);
    const line = digestOf(Buffer.from(lineOf(file)));
    this.#sort.add(key, Buffer.concat([Buffer.from(line, 'hex'), toBytes(file.path)]));
  }

  /** Why the first group that is none is no group; undefined when all are. */
  whyOdd(): string | undefined {
    let group = '';
    let first = { line: '', path: '' };
    for (const { bytes, payloadAt, payloadLength } of this.#sort?.sorted() ?? []) {
      const keyAt = payloadAt + payloadLength;
      const found = bytes.toString('hex', keyAt, keyAt + GROUP_BYTES);
      const line = bytes.toString('hex', payloadAt, payloadAt + LINE_BYTES);
      const path = escapeName(bytes.subarray(payloadAt + LINE_BYTES, keyAt));
      if (found !== group) {
        if (groupOf(path) !== found)
          return `the first name of a group of hard links is not ${printable(path)}`;
        group = found;
        first = { line, path };
      } else if (line !== first.line)
        return `${printable(first.path)} and ${printable(path)} are said to be one file, and are not`;
    }
    return undefined;
  }

  /** Gives up what was spilled. */
  close(): void {
    this.#sort?.close();
  }
}

const LINE_BYTES = 32;
/** Of some ten thousand names. */
const CHUNK_BYTES = 1 << 20;

/** All that a line says but for the name. */
function lineOf({ mode, uid, gid, mtime, size, digest, xattrs = [] }: FileEntry): string {
  return [mode, uid, gid, mtime, size, digest, encodeXattrs(xattrs)].join(' ');
}
