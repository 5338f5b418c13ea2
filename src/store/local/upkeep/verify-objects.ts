/** Re-hashing objects: the part of `verify` that runs in the worker threads. */
import fs from 'node:fs';
import { type Digest, DigestStream, digestOf } from '../../../digest.ts';
import { errnoOf, failed } from '../../../errors.ts';
import { uninterrupted } from '../../../native/uninterrupted.ts';
import type { Layout } from '../../choices.ts';
import { candidatePaths } from '../on-disk/layout.ts';

export interface DamagedObject {
  readonly digest: Digest;
  readonly path: string;
  readonly why: string;
  /** In bytes; 0 when it could not be opened. */
  readonly size: number;
}

export interface VerifyBatch {
  readonly checked: number;
  readonly bytes: number;
  readonly damaged: readonly DamagedObject[];
  /** Objects that were removed or quarantined between listing and checking. */
  readonly gone: number;
  /** Objects left out because they are large: to be sent again, one in a batch. */
  readonly large: readonly Digest[];
}

/** Objects up to this size are hashed by one call; larger ones in pieces of it. */
const READ_SIZE = 1 << 20;
/** An object above this holds up those that share its batch: it gets one of its own. */
const LARGE_BYTES = 8 << 20;

let threadBuffer: Buffer | undefined;

/** Checks a batch of objects. Throws an errno that says nothing about the object (EACCES, EMFILE). */
export function verifyObjects(
  root: string,
  layout: Layout,
  digests: readonly Digest[],
): VerifyBatch {
  const damaged: DamagedObject[] = [];
  const large: Digest[] = [];
  let [checked, bytes, gone] = [0, 0, 0];
  for (const digest of digests) {
    const found = checkEitherPlace(
      root,
      layout,
      digest,
      digests.length === 1 ? Infinity : LARGE_BYTES,
    );
    if (found === undefined) gone++;
    else if (found === 'large') large.push(digest);
    else {
      checked++;
      bytes += found.size;
      if (found.why !== undefined) damaged.push({ ...found, digest, why: found.why });
    }
  }
  return { checked, bytes, damaged, gone, large };
}

/** True when the file at `path` holds the content of this digest. Throws an errno. */
export function hashesTo(path: string, digest: Digest): boolean {
  const found = checkAt(path, digest, Infinity);
  return found !== undefined && found !== 'large' && found.why === undefined;
}

interface Finding {
  readonly path: string;
  readonly size: number;
  readonly why: string | undefined;
}

function checkEitherPlace(
  root: string,
  layout: Layout,
  digest: Digest,
  limit: number,
): Finding | 'large' | undefined {
  for (const path of candidatePaths(root, layout, digest)) {
    const found = checkAt(path, digest, limit);
    if (found !== undefined) return found;
  }
  return undefined;
}

function checkAt(path: string, digest: Digest, limit: number): Finding | 'large' | undefined {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
  let fd = -1;
  try {
    // Neither a link nor a fifo that took the name may lead elsewhere or block.
    fd = fs.openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    const stat = fs.fstatSync(fd);
    const { size } = stat;
    if (!stat.isFile()) return { path, size, why: 'it is not a regular file' };
    if (size > limit) return 'large';
    const actual = digestOfOpen(fd, size);
    return { path, size, why: actual === digest ? undefined : `it hashes to ${actual}` };
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    return { path, ...describeUnreadable(path, error) };
  } finally {
    if (fd >= 0) fs.closeSync(fd);
  }
}

/** What an errno says about the object itself. Rethrows one that says nothing about it. */
function describeUnreadable(path: string, error: unknown): Omit<Finding, 'path'> {
  const code = errnoOf(error);
  switch (code) {
    case 'ELOOP':
    case 'ENXIO':
      return { size: 0, why: 'it is not a regular file' };
    case 'EIO':
    case 'EBADMSG':
    case 'EUCLEAN':
      return { size: 0, why: `it cannot be read (${code})` };
    default:
      throw failed('cannot verify an object', error, { path });
  }
}

function digestOfOpen(fd: number, size: number): Digest {
  threadBuffer ??= Buffer.allocUnsafeSlow(READ_SIZE);
  if (size > READ_SIZE) return digestInPieces(fd, threadBuffer);
  let got = 0;
  while (got < size) {
    const n = readOn(fd, threadBuffer, got, size - got);
    if (n === 0) break;
    got += n;
  }
  return digestOf(threadBuffer.subarray(0, got));
}

function digestInPieces(fd: number, buffer: Buffer): Digest {
  const hash = new DigestStream();
  for (;;) {
    const n = readOn(fd, buffer, 0, buffer.length);
    if (n === 0) return hash.digest();
    hash.update(buffer.subarray(0, n));
  }
}

function readOn(fd: number, buffer: Buffer, at: number, length: number): number {
  return uninterrupted(() => fs.readSync(fd, buffer, at, length, null));
}
