/**
 * flock(2) where it may be refused: by a file system or its server (ENOLCK, ENOTSUP), by a kernel
 * without it (ENOSYS), by a sandbox (EPERM, EACCES). Whoever needs a lock then says so; whoever only
 * asks whether another process lives does not know.
 */
import { codeOf, errnoOf, hasErrno, IngotError } from '../errors.ts';
import type { AnyDescriptor } from '../native/descriptor.ts';
import type { Libc, LockKind } from '../native/libc.ts';

type Locks = Pick<Libc, 'tryLock'>;

const REFUSALS = ['ENOLCK', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EINVAL', 'EPERM', 'EACCES'];

/**
 * Locks an open file of `place`, not waiting: false when another open file holds a lock that rules
 * this one out. Throws INGOT_NO_FLOCK where locks are refused, and what else flock(2) fails with.
 */
export function tryLock(
  libc: Locks,
  fd: AnyDescriptor,
  place: string,
  kind: LockKind = 'exclusive',
): boolean {
  try {
    return libc.tryLock(fd, kind);
  } catch (error) {
    if (!hasErrno(error, ...REFUSALS)) throw error;
    throw new IngotError(
      {
        what: 'cannot write here without locks',
        code: NO_LOCKS,
        path: place,
        why: `flock is refused (${errnoOf(error)}), and without a lock other processes would take this one for dead`,
        hint: 'use a file system that has locks; get, verify and stats need none',
      },
      error,
    );
  }
}

const NO_LOCKS = 'INGOT_NO_FLOCK';

/** True for the error of a place where locks are refused. */
export function isWithoutLocks(error: unknown): boolean {
  return codeOf(error) === NO_LOCKS;
}

/** Takes the lock of a process that is dead. False while it lives, and where nobody can know. */
export function tryDeadLock(libc: Locks, fd: AnyDescriptor): boolean {
  try {
    return libc.tryLock(fd);
  } catch (error) {
    if (!hasErrno(error, ...REFUSALS)) throw error;
    return false;
  }
}
