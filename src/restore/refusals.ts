/** How failures of a restore are told. */
import type { Digest } from '../digest.ts';
import {
  codeOf,
  errnoOf,
  type Failure,
  failed,
  failureOf,
  hasErrno,
  IngotError,
  isIngotError,
  SHORTAGES,
} from '../errors.ts';
import { diskFullHint } from '../files/disk-full.ts';

/** What no other entry would fare better with. */
const OF_THE_DISK = ['ENOSPC', 'EDQUOT', 'EROFS'];

const CONTINUE = 'continue with --overwrite if-changed';

/**
 * How an entry failed. Throws an IngotError for what is not the entry's own: a shortage of the
 * machine, a full disk. `target` is the path of TARGET, `needed` the bytes of the entry.
 */
export function entryFailure(
  what: string,
  error: unknown,
  { path, target, needed }: { path: string; target: string; needed?: number },
): Failure {
  if (hasErrno(error, ...OF_THE_DISK) && !isIngotError(error)) {
    const hint = diskFullHint(error, target, needed);
    const more = hint?.replace('run again', CONTINUE);
    throw failed('cannot write the tree', error, { path, hint: more });
  }
  const code = errnoOf(error);
  if (code !== undefined && SHORTAGES.has(code)) throw failed(what, error, { path });
  if (code === undefined && !isIngotError(error)) throw error;
  const failure = failureOf(what, error);
  return isIngotError(error) ? failure : { ...failure, path, hint: HINTS.get(code!) };
}

const HINTS: ReadonlyMap<string, string> = new Map([
  ['EEXIST', 'something has taken its name meanwhile, or has a name that is the same here'],
  ['ELOOP', 'a link has taken the place of a directory'],
  ['ENOTDIR', 'something has taken the place of a directory'],
  ['ENOTEMPTY', 'a directory that is not empty is in the way: remove it, or add --delete'],
  ['ENAMETOOLONG', 'the file system takes no name this long'],
]);

/** Why a file has no content. `error` is what reading its object threw. */
export function contentFailure(error: unknown, digest: Digest, path: string): unknown {
  const code = errnoOf(error);
  if (code !== undefined && SHORTAGES.has(code)) return error;
  const why = whyNoContent(error);
  return why === undefined ? error : noContent(digest, path, { code: codeOf(error)!, why });
}

function whyNoContent(error: unknown): string | undefined {
  if (codeOf(error) === 'INGOT_NOT_FOUND') return 'is not in the store';
  if (isIngotError(error)) return `cannot be read: ${error.why ?? error.code}`;
  const code = errnoOf(error);
  return code === undefined ? undefined : `cannot be read (${code})`;
}

export function damagedContent(digest: Digest, path: string, why: string): IngotError {
  return noContent(digest, path, { code: 'INGOT_DAMAGED', why: `is damaged: ${why}` });
}

function noContent(
  digest: Digest,
  path: string,
  { code, why }: { readonly code: string; readonly why: string },
): IngotError {
  return new IngotError({
    ...{ what: 'cannot restore a file', code, path, why: `its object ${digest} ${why}` },
    hint: "'ingot verify' looks for more",
  });
}

/** For a directory whose name something else has. */
export function staysInTheWay(path: string): IngotError {
  return new IngotError({
    ...{ what: 'cannot make a directory', code: 'EEXIST', path },
    why: 'something else has its name, and --overwrite never keeps it (EEXIST)',
  });
}

/** For a path that the snapshot knows, and does not have. */
export function lacking(path: string, why: string): IngotError {
  return new IngotError({
    ...{ what: 'cannot restore', code: 'INGOT_MISSING', path },
    why: `the snapshot lacks it (${why})`,
  });
}

export function withoutCalls(why: string): IngotError {
  return new IngotError({ what: 'cannot restore', code: 'INGOT_NO_LIBC', why });
}

export function interruption(): IngotError {
  return new IngotError({
    what: 'the restore was interrupted',
    code: 'INGOT_INTERRUPTED',
    why: 'it was told to stop',
    hint: CONTINUE,
  });
}
