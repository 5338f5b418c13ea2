/** TARGET, looked at and opened before anything is restored. */
import fs from 'node:fs';
import { dirname, resolve } from 'node:path';
import { bestEffort, failed, hasErrno, IngotError, UsageError } from '../../errors.ts';
import { holdersOf } from '../../files/file-identity.ts';
import { realPathOf, toFsPath } from '../../names.ts';
import type { RestoreOptions } from '../report.ts';

export interface Target {
  /** Absolute. */
  readonly path: string;
  /** Open for reading; undefined in a dry run where there is no such directory. */
  readonly fd: number | undefined;
  /** This run has made it. */
  readonly isNew: boolean;
}

/**
 * Opens TARGET, which is made if it is missing. Throws an IngotError: INGOT_NOT_EMPTY without
 * `overwrite`, an errno; a UsageError where the store and TARGET are in each other's way.
 */
export function openTarget(
  given: string,
  store: string | undefined,
  options: Pick<RestoreOptions, 'overwrite' | 'delete' | 'dryRun'>,
): Target {
  const path = resolve(given);
  try {
    const isThere = fs.statSync(toFsPath(path), { throwIfNoEntry: false }) !== undefined;
    if (store !== undefined) requireApart(path, store, options.delete ?? false);
    if (!isThere && options.dryRun) return { path, fd: undefined, isNew: true };
    if (!isThere) fs.mkdirSync(toFsPath(path), { recursive: true });
    const fd = fs.openSync(toFsPath(path), fs.constants.O_RDONLY | fs.constants.O_DIRECTORY);
    if (isThere && options.overwrite === undefined) requireEmpty(path, fd);
    return { path, fd, isNew: !isThere };
  } catch (error) {
    throw failed('cannot open the target', error, { path, hint: hintOf(error) });
  }
}

function hintOf(error: unknown): string | undefined {
  if (hasErrno(error, 'ENOTDIR', 'EEXIST')) return 'name a directory, or what is to be one';
  return undefined;
}

function requireEmpty(path: string, fd: number): void {
  const directory = fs.opendirSync(toFsPath(path) as string);
  try {
    if (directory.readSync() === null) return;
  } finally {
    directory.closeSync();
  }
  fs.closeSync(fd);
  throw new IngotError({
    ...{ what: 'cannot restore', code: 'INGOT_NOT_EMPTY', path, why: 'the target is not empty' },
    hint: 'name another one, or say what becomes of what is there: --overwrite never|if-changed|always',
  });
}

/** What is in the store only ingot writes, and removes. */
function requireApart(path: string, store: string, removes: boolean): void {
  const existing = existingAbove(path);
  if (holdersOf(existing)(store)) throw inTheWay(path, 'it lies in the store');
  if (removes && existing === path && holdersOf(store)(path))
    throw inTheWay(path, 'the store lies in it, and --delete would remove that');
}

function inTheWay(path: string, why: string): UsageError {
  return new UsageError({
    ...{ what: 'cannot restore', code: 'INGOT_IN_STORE', path, why },
    hint: 'name a directory elsewhere',
  });
}

function existingAbove(path: string): string {
  for (let at = path; ; at = dirname(at))
    if (fs.existsSync(toFsPath(at)) || at === dirname(at)) return at;
}

/** What the kernel takes from the modes of new files; all, where that cannot be known. */
export function currentUmask(): number {
  let status = '';
  bestEffort(() => {
    status = fs.readFileSync('/proc/self/status', 'latin1');
  });
  const umask = /^Umask:\s*([0-7]+)$/m.exec(status)?.[1];
  return umask === undefined ? 0o777 : Number.parseInt(umask, 8);
}

/** For reports: with links followed, where it is there. */
export function realTarget({ path, fd }: Target): string {
  return fd === undefined ? path : realPathOf(path);
}
