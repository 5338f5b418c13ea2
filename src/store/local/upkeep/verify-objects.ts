/** Re-hashing objects: the part of `verify` that runs in the worker threads. */
import fs from 'node:fs';
import { type Digest, DigestStream, digestOf } from '../../../digest.ts';
import { errnoOf, failed, failureOf, hasErrno, IngotError, SHORTAGES } from '../../../errors.ts';
import { uninterrupted } from '../../../native/uninterrupted.ts';
import type { Layout } from '../../choices.ts';
import type { DamagedObject, UnreadableObject, VerifyBatch } from '../../seam/upkeep.ts';
import { candidatePaths } from '../on-disk/layout.ts';

/** What a worker thread checks. */
export interface CheckInit {
  readonly root: string;
  readonly layout: Layout;
}

/** Objects up to this size are hashed by one call; larger ones in pieces of it. */
const READ_SIZE = 1 << 20;
/** An object above this holds up those that share its batch: it gets one of its own. */
const LARGE_BYTES = 8 << 20;

let threadBuffer: Buffer | undefined;

/**
 * Checks a batch of objects. `onRead` is called with bytes as they are read. Throws an IngotError
 * when the machine is short of something.
 */
export function verifyObjects(
  root: string,
  layout: Layout,
  digests: readonly Digest[],
  onRead: OnRead = () => {},
): VerifyBatch {
  const damaged: DamagedObject[] = [];
  const unreadable: UnreadableObject[] = [];
  const large: Digest[] = [];
  let [checked, bytes, gone] = [0, 0, 0];
  const how = { limit: digests.length === 1 ? Infinity : LARGE_BYTES, onRead };
  for (const digest of digests) {
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
  return { checked, bytes, damaged, unreadable, gone, large };
}

/** True when the file at `path` holds the content of this digest. Throws an IngotError. */
export function hashesTo(path: string, digest: Digest): boolean {
  const found = checkAt(path, digest, { limit: Infinity, onRead: () => {} });
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

function checkAt(path: string, digest: Digest, { limit, onRead }: HowToCheck): Found | undefined {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
  let fd = -1;
  try {
    // Neither a link nor a fifo that took the name may lead elsewhere or block.
    fd = fs.openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    const stat = fs.fstatSync(fd);
    const { size } = stat;
    if (!stat.isFile()) return { path, size, why: 'it is not a regular file' };
    if (size > limit) return 'large';
    const actual = digestOfOpen(fd, size, onRead);
    return { path, size, why: actual === digest ? undefined : `it hashes to ${actual}` };
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
    return whatRefused(path, error);
  } finally {
    if (fd >= 0) fs.closeSync(fd);
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

function digestOfOpen(fd: number, size: number, onRead: OnRead): Digest {
  threadBuffer ??= Buffer.allocUnsafeSlow(READ_SIZE);
  if (size > READ_SIZE) return digestInPieces(fd, threadBuffer, onRead);
  let got = 0;
  while (got < size) {
    const n = readOn(fd, threadBuffer, got, size - got);
    if (n === 0) break;
    got += n;
  }
  onRead(got);
  return digestOf(threadBuffer.subarray(0, got));
}

function digestInPieces(fd: number, buffer: Buffer, onRead: OnRead): Digest {
  const hash = new DigestStream();
  for (;;) {
    const n = readOn(fd, buffer, 0, buffer.length);
    if (n === 0) return hash.digest();
    hash.update(buffer.subarray(0, n));
    onRead(n);
  }
}

function readOn(fd: number, buffer: Buffer, at: number, length: number): number {
  return uninterrupted(() => fs.readSync(fd, buffer, at, length, null));
}
