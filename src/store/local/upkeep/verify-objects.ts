/** Re-hashing objects: the part of `verify` that runs in the worker threads. */
import { type Digest, DigestStream, digestOf } from '../../../digest.ts';
import { errnoOf, failed, failureOf, hasErrno, IngotError, SHORTAGES } from '../../../errors.ts';
import { isRegularFile, nodeStatus } from '../../../native/file-status.ts';
import { nodeFiles, type SourceFd } from '../../../native/files.ts';
import type { AskCalls } from '../../../read-ahead/ask-open.ts';
import { type AheadBounds, BatchAhead } from '../../../read-ahead/batch-ahead.ts';
import { noReads } from '../../../read-ahead/cost.ts';
import { Width } from '../../../read-ahead/width.ts';
import type { Layout } from '../../choices.ts';
import type { AskForObject } from '../../seam/read.ts';
import type { DamagedObject, UnreadableObject, VerifyBatch } from '../../seam/upkeep.ts';
import { candidatePaths } from '../on-disk/layout.ts';
import { READ_FLAGS } from '../on-disk/read-flags.ts';

/** What a worker thread checks. */
export interface CheckInit {
  readonly root: string;
  readonly layout: Layout;
}

/** Objects up to this size are read whole and hashed by one call; larger ones in pieces of it. */
const WHOLE_BYTES = 1 << 20;
/** An object above this holds up those that share its batch: it gets one of its own. */
const LARGE_BYTES = 8 << 20;

let threadBuffer: Buffer | undefined;

/** How a thread checks its batches. */
export interface HowToVerify {
  /** Called with bytes as they are read. */
  readonly onRead?: OnRead;
  readonly bounds?: AheadBounds;
  /** Undefined where nothing can be asked for ahead. */
  readonly ask?: AskForObject | undefined;
  readonly calls?: AskCalls;
}

const NODE_CALLS: AskCalls = { files: nodeFiles, status: nodeStatus };

const NOTHING_AHEAD: AheadBounds = {
  ...{ width: new Width(0, false), aheadBytes: 0, stopped: () => false },
};

/** Checks a batch of objects. Throws an IngotError when the machine is short of something. */
export function verifyObjects(
  root: string,
  layout: Layout,
  digests: readonly Digest[],
  { onRead = () => {}, bounds = NOTHING_AHEAD, ask, calls = NODE_CALLS }: HowToVerify = {},
): VerifyBatch {
  const damaged: DamagedObject[] = [];
  const unreadable: UnreadableObject[] = [];
  const large: Digest[] = [];
  let [checked, bytes, gone] = [0, 0, 0];
  const costs = noReads();
  const ahead = new BatchAhead(digests.length, bounds, costs);
  const askFor = ask && ((index: number) => ask(digests[index]!, WHOLE_BYTES));
  let index = 0;
  const how: HowToCheck = {
    limit: digests.length === 1 ? Infinity : LARGE_BYTES,
    onRead,
    calls,
    onWhole: (size) => ahead.wasRead(index, size),
  };
  for (; index < digests.length; index++) {
    const digest = digests[index]!;
    if (askFor !== undefined) ahead.before(index, askFor);
    ahead.begins();
    const found = checkEitherPlace(root, layout, digest, how);
    if (found === undefined) gone++;
    else if (found === 'large') large.push(digest);
    else if ('failure' in found) unreadable.push({ ...found, digest });
    else {
      checked++;
      bytes += found.size;
      if (found.why !== undefined) damaged.push({ ...found, digest, why: found.why });
    }
  }
  const reads = { ...costs, aheadWidth: bounds.width.widest };
  return { checked, bytes, damaged, unreadable, gone, large, reads };
}

/** True when the file at `path` holds the content of this digest. Throws an IngotError. */
export function hashesTo(path: string, digest: Digest): boolean {
  const found = checkAt(path, digest, { limit: Infinity, onRead: () => {}, calls: NODE_CALLS });
  if (found === undefined || found === 'large') return false;
  if ('failure' in found) throw new IngotError(found.failure);
  return found.why === undefined;
}

/** Called with the bytes of each read. */
type OnRead = (bytes: number) => void;

interface HowToCheck {
  /** The bytes above which an object is left for a batch of its own. */
  readonly limit: number;
  readonly onRead: OnRead;
  readonly calls: AskCalls;
  /** Called with the bytes of an object that was read whole, before it is hashed. */
  readonly onWhole?: (bytes: number) => void;
}

type Found = Finding | Refused | 'large';

type Refused = Pick<UnreadableObject, 'path' | 'failure'>;

interface Finding {
  readonly path: string;
  readonly size: number;
  readonly why: string | undefined;
}

function checkEitherPlace(
  root: string,
  layout: Layout,
  digest: Digest,
  how: HowToCheck,
): Found | undefined {
  let refused: Refused | undefined;
  for (const path of candidatePaths(root, layout, digest)) {
    const found = checkAt(path, digest, how);
    if (found === undefined) continue;
    // It may be a folder that may not be entered, and the object lie in the other layout.
    if (found === 'large' || !('failure' in found)) return found;
    refused ??= found;
  }
  return refused;
}

function checkAt(path: string, digest: Digest, how: HowToCheck): Found | undefined {
  const { files, status } = how.calls;
  let fd: SourceFd | undefined;
  try {
    fd = files.open(path, READ_FLAGS, 0);
    const found = status.ofOpen(fd);
    const { size } = found;
    if (!isRegularFile(found)) return { path, size, why: 'it is not a regular file' };
    if (size > how.limit) return 'large';
    const actual = size > WHOLE_BYTES ? digestInPieces(fd, how) : digestOfWhole(fd, size, how);
    return { path, size, why: actual === digest ? undefined : `it hashes to ${actual}` };
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
    return whatRefused(path, error);
  } finally {
    if (fd !== undefined) files.close(fd);
  }
}

/**
 * Bytes that the disk does not give are lost, whatever keeps it from that: such an object is damaged,
 * as it is to a scrub of ZFS or btrfs, and may be stored anew. Any other errno tells of who asks (EACCES)
 * or of the way there (ESTALE, ETIMEDOUT), not of the bytes. Throws an IngotError for a shortage
 * of the machine, which is no object's own.
 */
function whatRefused(path: string, error: unknown): Finding | Refused {
  const code = errnoOf(error);
  switch (code) {
    case 'ELOOP':
    case 'ENXIO':
      return { path, size: 0, why: 'it is not a regular file' };
    case 'EIO':
    case 'EBADMSG':
    case 'EUCLEAN':
      return { path, size: 0, why: `it cannot be read (${code})` };
    default: {
      const failure = failed('cannot verify an object', error, { path });
      if (code === undefined || SHORTAGES.has(code)) throw failure;
      return { path, failure: failureOf('cannot verify an object', failure) };
    }
  }
}

function digestOfWhole(fd: SourceFd, size: number, { calls, onRead, onWhole }: HowToCheck): Digest {
  const buffer = ownBuffer();
  let got = 0;
  while (got < size) {
    const n = calls.files.read(fd, got === 0 ? buffer : buffer.subarray(got), size - got);
    if (n === 0) break;
    got += n;
  }
  onWhole?.(got);
  onRead(got);
  return digestOf(buffer.subarray(0, got));
}

function digestInPieces(fd: SourceFd, { calls, onRead }: HowToCheck): Digest {
  const buffer = ownBuffer();
  const hash = new DigestStream();
  for (;;) {
    const n = calls.files.read(fd, buffer, buffer.length);
    if (n === 0) return hash.digest();
    hash.update(buffer.subarray(0, n));
    onRead(n);
  }
}

function ownBuffer(): Buffer {
  threadBuffer ??= Buffer.allocUnsafeSlow(WHOLE_BYTES);
  return threadBuffer;
}
