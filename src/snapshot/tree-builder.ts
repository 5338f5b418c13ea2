/**
 * Puts together what threads have learnt of a tree, block by block, in any order:
 *
 *   blocks ─ sorted by directory ─▶ each directory's blocks merged by name ─▶ lines in order ─▶ segments
 *
 * Sorted by their paths with a slash at the end, directories come as a walk in order meets them: of
 * each the block with itself, and those with its entries. Memory does not grow with the tree.
 */
import { type FileOps, nodeFileOps } from '../files/file-ops.ts';
import { escapeName, toBytes } from '../names.ts';
import { ExternalSort } from '../sort/external-sort.ts';
import { recordAt, type SortedRecord } from '../sort/sorted-record.ts';
import { KIND, kindIn, linksIn, nameIn } from './block.ts';
import { HardLinks } from './hard-links.ts';
import { MAX_PATH_BYTES } from './limits.ts';
import { DirectoryBlocks, OpenDirectory } from './open-directory.ts';
import { notRecorded } from './refusals.ts';
import type { Root } from './segment.ts';
import type { SegmentStorage } from './storage.ts';
import { Summary, type TreeFacts } from './summary.ts';
import { TreeWriter } from './tree-writer.ts';

export interface BuilderOptions {
  /** Bytes of blocks held in memory before they are sorted and spilled. */
  readonly chunkBytes?: number | undefined;
  readonly ops?: FileOps | undefined;
}

/** A tree that was written. */
export interface BuiltTree extends TreeFacts {
  readonly root: Root;
}

/** All blocks of some 250,000 entries: fewer need no file. */
const CHUNK_BYTES = 64 << 20;
const SLASH = 0x2f;
const NOTHING = Buffer.alloc(0);

/** All blocks of one directory. */
interface Group {
  readonly key: Buffer;
  /** The block with the directory itself; undefined for a root that is no source. */
  readonly head: Buffer | undefined;
  readonly blocks: DirectoryBlocks;
}

export class TreeBuilder {
  readonly #ops: FileOps;
  readonly #blocks: ExternalSort;
  readonly #hardLinks: HardLinks;
  #summary = new Summary();
  /** From the root to the directory whose entries are being written. */
  readonly #open: OpenDirectory[] = [];
  /** How many directories below the root the last line has led to. */
  #depth = 0;
  /** Of a directory that has no place: what lies in it has none. */
  #dropped: Buffer | undefined;

  constructor({ chunkBytes = CHUNK_BYTES, ops = nodeFileOps }: BuilderOptions = {}) {
    this.#ops = ops;
    this.#blocks = new ExternalSort('cannot sort the entries of the snapshot', { chunkBytes, ops });
    this.#hardLinks = new HardLinks(ops);
  }

  /**
   * Takes a block of the entries in a directory of the tree, or of the directory itself. `linked`: one
   * of the files may have another name. Throws an IngotError when there is no room to sort it.
   */
  add(inTree: string, block: Buffer, linked = false): void {
    const key = toBytes(inTree === '' ? '' : `${inTree}/`);
    this.#blocks.add(key, block);
    if (linked) this.#hardLinks.add(key, block);
  }

  /** Writes the tree; may be called again. Throws an IngotError, and what the storage throws. */
  async build(storage: Pick<SegmentStorage, 'put'>): Promise<BuiltTree> {
    const writer = new TreeWriter(storage);
    this.#summary = new Summary();
    this.#depth = 0;
    this.#dropped = undefined;
    try {
      this.#hardLinks.sort();
      this.#open.push(new OpenDirectory(NOTHING, new DirectoryBlocks(this.#ops)));
      for (const group of this.#groups()) await this.#write(group, writer);
      while (this.#open.length > 0) await this.#leave(writer);
      return { root: await writer.finish(), ...this.#summary.facts() };
    } finally {
      for (const directory of this.#open.splice(0)) directory.close();
    }
  }

  /** Gives up what was added. */
  close(): void {
    this.#blocks.close();
    this.#hardLinks.close();
  }

  *#groups(): Generator<Group> {
    let group: { key: Buffer; head: Buffer | undefined; blocks: DirectoryBlocks } | undefined;
    for (const record of this.#blocks.sorted()) {
      const key = nameIn(record);
      if (group === undefined || !key.equals(group.key)) {
        if (group !== undefined) yield group;
        group = {
          ...{ key: Buffer.from(key), head: undefined },
          blocks: new DirectoryBlocks(this.#ops),
        };
      }
      const { bytes, payloadAt, payloadLength } = record;
      const lent = bytes.subarray(payloadAt, payloadAt + payloadLength);
      const block = this.#blocks.isInMemory ? lent : Buffer.from(lent);
      if (kindIn(recordAt(block, 0)) !== KIND.directory) group.blocks.add(block);
      else group.head ??= block;
    }
    if (group !== undefined) yield group;
  }

  /** Writes what comes before a directory, then its own line, and opens it. */
  async #write({ key, head, blocks }: Group, writer: TreeWriter): Promise<void> {
    if (this.#dropped !== undefined && beginsWith(key, this.#dropped)) return blocks.close();
    while (!beginsWith(key, this.#top.key)) await this.#leave(writer);
    const parent = this.#top;
    const name = key.subarray(parent.key.length);
    const isRoot = name.length === 0;
    await this.#writeEntries(parent, writer, isRoot ? NOTHING : name);
    const why = isRoot ? undefined : whyNoPlace(parent, name, head);
    if (why !== undefined) {
      this.#dropped = key;
      this.#summary.lacks(why);
      return blocks.close();
    }
    if (isRoot) this.#open.pop();
    if (head !== undefined) {
      const record = recordAt(head, 0);
      const place = { directory: isRoot ? '' : parent.directory, first: () => escapeName(name) };
      const up = isRoot ? 0 : this.#depth - this.#open.length + 1;
      const full = writer.add(record, place, up, undefined);
      if (full !== undefined) await full;
      this.#summary.add(record);
    }
    this.#depth = this.#open.length;
    this.#open.push(new OpenDirectory(key, blocks));
  }

  get #top(): OpenDirectory {
    return this.#open.at(-1)!;
  }

  /** Writes the rest of the directory that was opened last. */
  async #leave(writer: TreeWriter): Promise<void> {
    const directory = this.#top;
    await this.#writeEntries(directory, writer, undefined);
    this.#open.pop();
    directory.close();
  }

  /** Writes the entries of a directory before the name of one below it, or all that are left. */
  async #writeEntries(
    directory: OpenDirectory,
    writer: TreeWriter,
    coming: Buffer | undefined,
  ): Promise<void> {
    for (;;) {
      const full = this.#writeSome(directory, writer, coming);
      if (full === undefined) return;
      await full;
    }
  }

  /** Until one has to wait. Without an await: V8 would optimize a loop with one again and again. */
  #writeSome(
    directory: OpenDirectory,
    writer: TreeWriter,
    coming: Buffer | undefined,
  ): Promise<void> | undefined {
    const depth = this.#open.length - 1;
    const place = {
      directory: directory.directory,
      first: () => escapeName(nameIn(directory.record!)),
    };
    for (let { record } = directory; record !== undefined; record = directory.record) {
      if (coming !== undefined && isBehind(record, coming)) return undefined;
      let full: Promise<void> | undefined;
      const why = whyNoEntry(directory, record);
      if (why !== undefined) this.#summary.lacks(why);
      else {
        const group =
          linksIn(record) > 1 ? this.#hardLinks.groupOf(directory.key, record) : undefined;
        full = writer.add(record, place, this.#depth - depth, group);
        this.#depth = depth;
        this.#summary.add(record);
      }
      directory.pass(coming);
      if (full !== undefined) return full;
    }
    return undefined;
  }
}

/** Why an entry is left out whose name another one has. */
const CLASH = 'clash';

function whyNoEntry(directory: OpenDirectory, { keyLength }: SortedRecord): string | undefined {
  if (directory.isRepeated) return CLASH;
  return directory.key.length + keyLength > MAX_PATH_BYTES ? 'ENAMETOOLONG' : undefined;
}

/** `name`: of the directory, with a slash at the end. */
function whyNoPlace(
  parent: OpenDirectory,
  name: Buffer,
  head: Buffer | undefined,
): string | undefined {
  if (parent.key.length + name.length - 1 > MAX_PATH_BYTES) return 'ENAMETOOLONG';
  if (parent.hasLeaf(name.subarray(0, -1))) return CLASH;
  if (head !== undefined && name.indexOf(SLASH) === name.length - 1) return undefined;
  throw notRecorded(escapeName(name), 'its directory is not known');
}

function beginsWith(key: Buffer, prefix: Buffer): boolean {
  return (
    key.length >= prefix.length && key.compare(prefix, 0, prefix.length, 0, prefix.length) === 0
  );
}

/** True for an entry that comes after a directory of this name, which has a slash at its end. */
function isBehind(
  { bytes, payloadAt, payloadLength, keyLength }: SortedRecord,
  name: Buffer,
): boolean {
  const at = payloadAt + payloadLength;
  return bytes.compare(name, 0, name.length, at, at + keyLength) > 0;
}
