import fs, { type Dirent } from 'node:fs';
import { errnoOf } from '../../errors.ts';
import { nodeStatus, type StatusReader, statusOfStats } from '../../native/file-status.ts';
import type { EntryType } from '../kind.ts';
import { type EntryStatus, ModeStatus } from '../mode-status.ts';

/** The calls by which a walk looks at directories: the seam where tests inject failures. */
export interface DirectoryOps extends Pick<typeof fs, 'readdirSync' | 'opendirSync'> {
  lstatSync(path: string | Buffer): EntryStatus;
  statSync(path: string | Buffer): EntryStatus;
}

/**
 * Through Node's fs, but for the status: a walk looks at that of every directory, and statx takes
 * half of Node's time.
 */
export function directoryOps(status: StatusReader): DirectoryOps {
  // Not all of fs, which would load its streams and promises.
  const { readdirSync, opendirSync } = fs;
  const missing = (look: typeof fs.lstatSync, path: string | Buffer) =>
    // Left to Node's call, which throws the error that belongs to it.
    statusOfStats(look(path, { bigint: true }));
  return {
    readdirSync,
    opendirSync,
    lstatSync: (path) => new ModeStatus(status.atLink(path) ?? missing(fs.lstatSync, path)),
    statSync: (path) => new ModeStatus(status.at(path) ?? missing(fs.statSync, path)),
  };
}

export const nodeDirectoryOps: DirectoryOps = directoryOps(nodeStatus);

/** One name in a directory. The name's bytes are decoded as latin1, which is exact and cheap. */
export type RawEntry = Pick<Dirent, 'name'> & EntryType;

/**
 * A directory larger than this many bytes is streamed: at 30 to 280 bytes an entry on ext4, what
 * is read whole stays below about 40,000 entries (10 MB).
 */
const READ_WHOLE_UP_TO = 1024 * 1024;

/** Entries in memory at a time while a directory is streamed. */
const STREAM_ENTRIES = 1024;

const LATIN1 = 'latin1' satisfies BufferEncoding;

/**
 * The entries of a directory of `size` bytes, in chunks. Throws what the system calls throw, at
 * any chunk.
 */
export function* readDirectory(
  path: string | Buffer,
  size: number,
  ops: DirectoryOps = nodeDirectoryOps,
): Generator<readonly RawEntry[]> {
  if (size > READ_WHOLE_UP_TO) yield* streamDirectory(path, ops);
  else yield readWholeDirectory(path, ops);
}

function readWholeDirectory(path: string | Buffer, ops: DirectoryOps): readonly RawEntry[] {
  try {
    return ops.readdirSync(path, { withFileTypes: true, encoding: LATIN1 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === 'scandir') throw error;
    // The file system reports no types (d_type is DT_UNKNOWN), and Node failed to lstat a latin1
    // name. No other step of readdirSync fails after scandir.
    return readNames(path, ops);
  }
}

function readNames(path: string | Buffer, ops: DirectoryOps): RawEntry[] {
  const prefix = Buffer.concat([Buffer.from(path), Buffer.from('/')]);
  const names: Buffer[] = ops.readdirSync(path, { encoding: 'buffer' });
  return names.map((name) => {
    const latin1 = name.toString('latin1');
    try {
      return named(latin1, ops.lstatSync(Buffer.concat([prefix, name])));
    } catch (error) {
      if (errnoOf(error) === undefined) throw error;
      // The worker that opens it gets the same error, and reports it for this entry alone.
      return assumedFile(latin1);
    }
  });
}

function* streamDirectory(path: string | Buffer, ops: DirectoryOps): Generator<RawEntry[]> {
  // Path and names as buffers: where the type is unknown, Node joins the two for its own lstat.
  const handle = ops.opendirSync(Buffer.from(path) as unknown as string, {
    encoding: 'buffer' as BufferEncoding,
    bufferSize: STREAM_ENTRIES,
  });
  try {
    let chunk: RawEntry[] = [];
    for (let entry = handle.readSync(); entry !== null; entry = handle.readSync()) {
      entry.name = (entry.name as unknown as Buffer).toString('latin1');
      chunk.push(entry);
      if (chunk.length < STREAM_ENTRIES) continue;
      yield chunk;
      chunk = [];
    }
    if (chunk.length > 0) yield chunk;
  } finally {
    handle.closeSync();
  }
}

function named(name: string, stats: EntryStatus): RawEntry {
  return Object.assign(stats, { name });
}

function assumedFile(name: string): RawEntry {
  const no = () => false;
  return {
    name,
    isFile: () => true,
    isDirectory: no,
    isSymbolicLink: no,
    isFIFO: no,
    isSocket: no,
    isBlockDevice: no,
    isCharacterDevice: no,
  };
}
