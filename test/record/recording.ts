/** Records of runs that are made up, and what the next run knows from them. */
import { onTestFinished } from 'vitest';
import { type Digest, digestOf } from '../../src/digest.ts';
import { nodeFileOps } from '../../src/files/file-ops.ts';
import type { FileStatus } from '../../src/native/file-status.ts';
import { loadLibc } from '../../src/native/libc.ts';
import {
  type DirectoryIdentity,
  KnownEntries,
  type MatchRules,
} from '../../src/record/known-entries.ts';
import { identityKey, NO_KEY, pathKey } from '../../src/record/layout.ts';
import { RecordBlocks } from '../../src/record/record-blocks.ts';
import { Records, type RecordsOptions } from '../../src/record/records.ts';

export const STATUS: FileStatus = {
  ...{ mode: 0o100644, size: 3, device: 8, inode: 2 ** 33 + 7, inodeLow: 7, links: 1 },
  ...{ uid: 1000, gid: 1000, modifiedSeconds: 1_700_000_000, modifiedNanoseconds: 5 },
  ...{ changedSeconds: 1_700_000_001, changedNanoseconds: 6 },
};

export const LINK: FileStatus = { ...STATUS, mode: 0o120777 };

/** All that a run may ask for has to match. */
export const RULES: MatchRules = { inodes: true, ctimes: true, xattrs: true, inodesStay: true };

export const GENERATION = '1'.repeat(16);
/** What comes of a run that ends well. */
export const FINISHED = { generation: GENERATION, snapshot: '20261130T140203Z-3f2a9c1e' };
export const SOURCES = [{ real: '/source', device: 8, inode: 2 }];

export const digestNumber = (n: number): Digest => digestOf(Buffer.from(String(n)));

export interface MadeFile {
  readonly name: string;
  readonly status?: Partial<FileStatus>;
  readonly digest?: Digest;
  readonly xattrs?: string;
  readonly hasXattrs?: boolean;
  readonly isSure?: boolean;
}

/** A directory, and which one it is. */
export interface Place {
  readonly inTree: string;
  readonly identity?: DirectoryIdentity;
}

/** Which directory is the `n`th. */
export const identityOf = (n: number) => ({ device: 8, inode: n, inodeLow: n });

export function enter(blocks: RecordBlocks, { inTree, identity }: Place): void {
  blocks.enter(pathKey(inTree), identity === undefined ? NO_KEY : identityKey(identity));
}

export function addFile(blocks: RecordBlocks, file: MadeFile): void {
  const { name, status = {}, digest = digestNumber(1), xattrs = '', hasXattrs = true } = file;
  const { isSure = true } = file;
  const full = { ...STATUS, ...status };
  blocks.file(name, full, { size: full.size, digest, xattrs, hasXattrs, isSure });
}

/** The blocks of one task that met these files in one directory. */
export function blocksOf(place: Place, files: readonly MadeFile[]): Uint8Array {
  const blocks = new RecordBlocks(files.length);
  enter(blocks, place);
  for (const file of files) addFile(blocks, file);
  return blocks.take()!;
}

export const libc = (await loadLibc())!;

/** Those of a folder, as a run opens them. They are closed when the test ends. */
export function openIn(folder: string, options: Partial<RecordsOptions> = {}): Records {
  const records = new Records({
    ...{ folder: () => folder, sources: SOURCES, generation: GENERATION },
    ...{ rules: '', rescan: false, dryRun: false, libc, ops: nodeFileOps },
    ...options,
  });
  onTestFinished(() => records.close({ keepPart: true }));
  return records;
}

/** A run that learns these blocks and ends well. Gives its notices. */
export function recordIn(
  folder: string,
  blocks: readonly Uint8Array[],
  options: Partial<RecordsOptions> = {},
): readonly string[] {
  const records = openIn(folder, options);
  for (const some of blocks) records.add(some);
  records.finish(FINISHED);
  records.close({ keepPart: true });
  return records.takeNotices();
}

/** A run that learns these blocks, and is killed. */
export function leavePartIn(folder: string, blocks: readonly Uint8Array[]): void {
  const records = openIn(folder);
  for (const some of blocks) records.add(some);
  records.close({ keepPart: true });
}

/** What the next run knows. */
export function knownIn(folder: string, options: Partial<RecordsOptions> = {}) {
  const records = openIn(folder, { dryRun: true, ...options });
  const known = new KnownEntries(records.shared);
  return { records, known, notices: records.takeNotices() };
}

export function enterKnown(known: KnownEntries, { inTree, identity }: Place): void {
  known.enter(inTree, identity);
}
