/** Trees for tests of snapshots, and a place for their segments. */
import fc from 'fast-check';
import { expect } from 'vitest';
import { type Digest, digestOf } from '../../src/digest.ts';
import { escapeName, toBytes } from '../../src/names.ts';
import type { FileStatus } from '../../src/native/file-status.ts';
import { BlockWriter, bodyEnd, bodyStart, tailStart } from '../../src/snapshot/block.ts';
import { differing, FIELDS } from '../../src/snapshot/diff/change.ts';
import { differences, type Pair } from '../../src/snapshot/diff/differences.ts';
import { SnapshotSide } from '../../src/snapshot/diff/side.ts';
import {
  type Entry,
  type FileEntry,
  keyOfEntry,
  type MissingEntry,
} from '../../src/snapshot/entry.ts';
import { Position } from '../../src/snapshot/position.ts';
import { damagedSegment } from '../../src/snapshot/refusals.ts';
import type { Root } from '../../src/snapshot/segment.ts';
import type { SegmentStorage } from '../../src/snapshot/storage.ts';
import {
  type BuilderOptions,
  type BuiltTree,
  TreeBuilder,
} from '../../src/snapshot/tree-builder.ts';
import { TreeReader } from '../../src/snapshot/tree-reader.ts';
import { TreeWriter } from '../../src/snapshot/tree-writer.ts';
import { xattrsText } from '../../src/snapshot/xattrs.ts';
import { recordAt } from '../../src/sort/sorted-record.ts';
import { Turns } from '../../src/turns.ts';

export class MemorySegments implements SegmentStorage {
  readonly segments = new Map<Digest, Buffer>();
  readonly opened: Digest[] = [];

  async put(bytes: Uint8Array): Promise<Digest> {
    const digest = digestOf(bytes);
    this.segments.set(digest, Buffer.from(bytes));
    return digest;
  }

  async get(digest: Digest): Promise<Buffer> {
    this.opened.push(digest);
    const bytes = this.segments.get(digest);
    if (bytes === undefined) throw damagedSegment(digest, 'it is not there');
    return bytes;
  }
}

/** Writes entries that come in order, whatever they say: hard links need not be any. */
export async function writeTree(
  entries: Iterable<Entry>,
  storage: Pick<SegmentStorage, 'put'>,
): Promise<Root> {
  const writer = new TreeWriter(storage);
  const position = new Position();
  for (const entry of entries) {
    const slash = entry.path.lastIndexOf('/') + 1;
    const [directory, name] = [entry.path.slice(0, slash), entry.path.slice(slash)];
    const isDirectory = entry.type === 'directory';
    const up = position.levelsTo(directory)!;
    expect(position.pass(up, name, isDirectory)).toBeUndefined();
    const first = () => (isDirectory && name !== '' ? `${name}/` : name);
    await writer.add(recordAt(blockOf(entry, name), 0), { directory, first }, up, groupIn(entry));
  }
  return writer.finish();
}

/** What threads would have learnt of a tree, a block for each entry, in any order. */
export async function buildTree(
  entries: readonly Entry[],
  storage: Pick<SegmentStorage, 'put'>,
  options: BuilderOptions = {},
): Promise<BuiltTree> {
  const builder = new TreeBuilder(options);
  for (const entry of entries) {
    const slash = entry.path.lastIndexOf('/');
    const inTree =
      entry.type === 'directory' ? entry.path : entry.path.slice(0, Math.max(0, slash));
    builder.add(inTree, blockOf(entry, entry.path.slice(slash + 1)));
  }
  return builder.build(storage);
}

/** A block with the record of one entry. */
export function blockOf(entry: Entry, name: string): Buffer {
  const block = new BlockWriter();
  if (entry.type === 'missing') block.missing(name, entry.why);
  else {
    const status = statusOf(entry);
    const xattrs = xattrsText(entry.xattrs ?? []);
    if (entry.type === 'file') block.file(name, status, { ...entry, xattrs });
    else if (entry.type === 'link') block.link(name, status, entry.target, xattrs);
    else block.directory(name, status, { lacks: entry.lacks, xattrs });
  }
  return Buffer.from(block.take());
}

/** The whole line of an entry. */
export function lineOf(entry: Entry, name: string, up = 0): string {
  const record = recordAt(blockOf(entry, name), 0);
  const { bytes } = record;
  const tail = tailStart(record);
  const group = groupIn(entry)?.toString() ?? '';
  const body = bytes.toString('utf8', bodyStart(record), tail) + group;
  return `{${up > 0 ? `"up":${up},` : ''}${body}${bytes.toString('utf8', tail, bodyEnd(record))}`;
}

function groupIn(entry: Entry): Buffer | undefined {
  if (entry.type !== 'file' || entry.group === undefined) return undefined;
  return Buffer.from(`,"group":"${entry.group}"`);
}

const BILLION = 1_000_000_000n;

function statusOf(entry: Exclude<Entry, MissingEntry>): FileStatus {
  const { uid, gid, mtime } = entry;
  const nanoseconds = ((mtime % BILLION) + BILLION) % BILLION;
  return {
    ...{ mode: entry.type === 'link' ? 0o777 : entry.mode, uid, gid, size: 0, links: 1 },
    ...{ device: 1, inode: 1, inodeLow: 1, changedSeconds: 0, changedNanoseconds: 0 },
    modifiedSeconds: Number((mtime - nanoseconds) / BILLION),
    modifiedNanoseconds: Number(nanoseconds),
  };
}

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

export function readTree(root: Root, segments: MemorySegments): Promise<Entry[]> {
  return all(new TreeReader(segments, root).below(''));
}

/** What differs between two trees in any field. */
export async function* differencesOf(
  before: TreeReader,
  after: TreeReader,
): AsyncGenerator<Pick<Pair, 'before' | 'after'>> {
  const [a, b] = [await SnapshotSide.at(before, ''), await SnapshotSide.at(after, '')];
  const compare = ({ before: left, after: right }: Pair) => {
    const isSame = left && right && differing(left, right, FIELDS).length === 0;
    return isSame ? undefined : { before: left, after: right };
  };
  yield* differences(a, b, compare, new Turns());
}

export function sorted(entries: readonly Entry[]): Entry[] {
  const keys = new Map(entries.map((entry) => [entry, toBytes(keyOfEntry(entry))]));
  return [...entries].sort((a, b) => Buffer.compare(keys.get(a)!, keys.get(b)!));
}

export function fileAt(path: string, content = path): FileEntry {
  return {
    type: 'file',
    path,
    mode: 0o644,
    uid: 1000,
    gid: 1000,
    mtime: 1_700_000_000_123_456_789n,
    size: content.length,
    digest: digestOf(Buffer.from(content)),
    group: undefined,
    xattrs: undefined,
  };
}

export function directoryAt(path: string): Entry {
  const { uid, gid, mtime } = fileAt(path);
  const nothing = { lacks: undefined, xattrs: undefined };
  return { type: 'directory', path, mode: 0o755, uid, gid, mtime, ...nothing };
}

/** Files `NAME-00000`, and so on. */
export function numbered(directory: string, count: number): Entry[] {
  return Array.from({ length: count }, (_, n) =>
    fileAt(`${directory}/file-${String(n).padStart(5, '0')}`, `${directory} ${n}`),
  );
}

/** Any bytes that a name may have, often such as sort or escape badly. */
export const anyName: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      fc.constantFrom(...['a', '-', '.', '/', '0', '\n', '\\', '"', 'é', '😀', '\uffff', '\u2028']),
      fc.integer({ min: 1, max: 255 }).map((byte) => Buffer.from([byte]).toString('latin1')),
    ),
    { minLength: 1, maxLength: 6 },
  )
  .chain((pieces) =>
    fc.boolean().map((utf8) => Buffer.from(pieces.join(''), utf8 ? 'utf8' : 'latin1')),
  )
  .map((bytes) => escapeName(bytes.filter((byte) => byte !== 0x2f && byte !== 0)))
  .filter((name) => name !== '' && name !== '.' && name !== '..');

const owned = {
  uid: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  gid: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  mtime: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  xattrs: fc.option(
    fc
      .uniqueArray(fc.record({ name: anyName, value: fc.uint8Array({ maxLength: 20 }) }), {
        selector: ({ name }) => name,
        minLength: 1,
        maxLength: 3,
      })
      .map((pairs) =>
        pairs
          .map(({ name, value }) => ({ name: `user.${name}`, value: Buffer.from(value) }))
          .sort((a, b) => Buffer.compare(toBytes(a.name), toBytes(b.name))),
      ),
    { nil: undefined, freq: 4 },
  ),
};
const mode = fc.integer({ min: 0, max: 0o7777 });
const digest = fc.integer({ min: 0, max: 50 }).map((n) => digestOf(Buffer.from(String(n))));
const word = fc.constantFrom('EACCES', 'changed', 'socket');

type Unplaced = Entry extends infer E ? (E extends Entry ? Omit<E, 'path'> : never) : never;

const anyLeaf: fc.Arbitrary<Unplaced> = fc.oneof(
  fc.record({
    ...{ type: fc.constant('file' as const), mode, ...owned, digest },
    size: fc.maxSafeNat().map((size) => Math.floor(size / 2 ** 20)),
    group: fc.option(digest, { nil: undefined, freq: 4 }),
  }),
  fc.record({ type: fc.constant('link' as const), ...owned, target: anyName }),
  fc.record({ type: fc.constant('missing' as const), why: word }),
);
const anyDirectory: fc.Arbitrary<Unplaced> = fc.record({
  ...{ type: fc.constant('directory' as const), mode, ...owned },
  lacks: fc.option(word, { nil: undefined, freq: 4 }),
});

/** Any entries of a tree, sorted: each path once, and each in a directory that is there. */
export const anyTree: fc.Arbitrary<Entry[]> = fc
  .tuple(
    fc.option(anyDirectory, { nil: undefined }),
    fc.array(fc.tuple(fc.nat(), anyName, fc.oneof(anyLeaf, anyDirectory)), { maxLength: 40 }),
  )
  .map(([root, given]) => {
    const found = new Map<string, Entry>();
    const directories = [''];
    if (root !== undefined) found.set('', { ...root, path: '' } as Entry);
    for (const [index, name, entry] of given) {
      const parent = directories[index % directories.length]!;
      const path = parent === '' ? name : `${parent}/${name}`;
      if (found.has(path)) continue;
      found.set(path, { ...entry, path } as Entry);
      if (entry.type === 'directory') directories.push(path);
    }
    return sorted([...found.values()]);
  });
