/**
 * Locks of a whole store, flock(2) on a file in `.ingot/`. They are waited for by a timer: a blocked
 * event loop could not be aborted, and two open files of one process keep each other out, too.
 */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { failed, IngotError } from '../../../errors.ts';
import type { FileOps, StoreFd } from '../../../files/file-ops.ts';
import { isSameFile, openLock } from '../../../files/locked-folder.ts';
import { tryLock } from '../../../files/locks.ts';
import { type Libc, type LockKind, loadLibc } from '../../../native/libc.ts';
import { withoutLibc } from '../../../native/load-koffi.ts';
import { denialIn } from './denial.ts';
import { METADATA } from './format.ts';
import { requireNoLink } from './metadata-file.ts';
import { storeRights } from './sharing.ts';

/**
 * `lock`: held shared by who relies on names that it has met, exclusively by who takes names away.
 * `gate`: on the way to it, see gate.ts. `gc-run.lock`: held by the one gc that runs.
 * `relayout.lock`: held by who moves objects to another layout or changes the format.
 */
export type StoreLock = 'lock' | 'gate' | 'relayout.lock' | 'gc-run.lock';

export interface LockOptions {
  readonly kind: LockKind;
  readonly libc: Libc;
  readonly ops: FileOps;
}

/** Between two looks of one who waits. */
const POLL_MS = 10;

/**
 * Takes a lock, not waiting: undefined when somebody holds it in a way that rules this one out.
 * Closing the descriptor gives it up. Throws an IngotError.
 */
export function tryStoreLock(
  root: string,
  name: StoreLock,
  { kind, libc, ops }: LockOptions,
): StoreFd | undefined {
  const path = join(root, METADATA, name);
  let fd: StoreFd | undefined;
  let isHeld = false;
  try {
    requireNoLink(path);
    fd = openLock(path, storeRights(root).lock, ops);
    // It may have been replaced since: then others lock another file.
    isHeld = tryLock(libc, fd, root, kind) && isSameFile(fd, path);
    return isHeld ? fd : undefined;
  } catch (error) {
    throw failed('cannot lock the store', error, { path, ...denialIn(root, error) });
  } finally {
    if (fd !== undefined && !isHeld) ops.closeSync(fd);
  }
}

export interface WaitOptions extends LockOptions {
  /** Ends the waiting: it rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Called once, if it has to wait. */
  readonly onWaiting?: (() => void) | undefined;
}

/** The same, waiting until nobody is in the way. */
export async function waitForStoreLock(
  root: string,
  name: StoreLock,
  { signal, onWaiting, ...how }: WaitOptions,
): Promise<StoreFd> {
  for (let isFirst = true; ; isFirst = false) {
    signal?.throwIfAborted();
    const fd = tryStoreLock(root, name, how);
    if (fd !== undefined) return fd;
    if (isFirst) onWaiting?.();
    // When this is aborted, the call above throws the signal's reason.
    await delay(POLL_MS, undefined, { signal }).catch(() => {});
  }
}

/** Throws INGOT_NO_FLOCK where this process cannot lock anything. */
export async function requireLocks(root: string): Promise<Libc> {
  const libc = await loadLibc();
  if (libc !== undefined) return libc;
  throw new IngotError({
    what: 'cannot write here without locks',
    code: 'INGOT_NO_FLOCK',
    path: root,
    why: `a store with snapshots needs locks, and ${withoutLibc()}`,
    hint: 'get, verify and stats need none',
  });
}
