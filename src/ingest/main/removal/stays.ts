/** Why entries of a source stay, as their user gets it. */
import { errnoOf, type Failure, failureOf, hasErrno } from '../../../errors.ts';
import type { StayedEntry } from '../../removal.ts';

const WHAT = 'cannot remove a source entry';

export function tooYoung(path: string): StayedEntry {
  return stay(path, 'too-young', {
    code: 'INGOT_TOO_YOUNG',
    why: 'it was changed so shortly before it was read that another change would not show',
    hint: 'run it again',
  });
}

export function unsure(path: string): StayedEntry {
  return stay(path, 'unsure', {
    code: 'INGOT_UNSURE',
    why: 'the record of the run does not prove that it is what the snapshot has',
    hint: 'run it again with --rescan',
  });
}

export function changed(path: string): StayedEntry {
  return stay(path, 'changed', {
    code: 'INGOT_CHANGED',
    why: 'it has changed since it was read',
    hint: 'run it again',
  });
}

/** `other`: a name of the same file. */
export function otherStays(path: string, other: string): StayedEntry {
  return stay(path, 'linked', {
    code: 'INGOT_LINKED',
    why: `another name of the same file stays: ${other}`,
    hint: 'run it again',
  });
}

/** What a call has failed with. Throws what is none of the file system's. */
export function refused(path: string, error: unknown): StayedEntry {
  // A link or a file has taken the place of a directory.
  if (hasErrno(error, 'ELOOP', 'ENOTDIR')) return changed(path);
  if (errnoOf(error) === undefined) throw error;
  const { code, kind, syscall } = failureOf(WHAT, error);
  return stay(path, code, { code, kind, syscall, hint: HINTS.get(code) });
}

/** What stays under another name, since its own was taken meanwhile, or could not be given back. */
export function leftAside({ path, why, failure }: StayedEntry, aside: string): StayedEntry {
  const { code } = failure;
  return stay(path, why, {
    code,
    why: `${failure.why ?? code}, and its name could not be given back: it is ${aside} there now`,
    hint: 'give it a name by hand',
  });
}

function stay(path: string, why: string, failure: Omit<Failure, 'what' | 'path'>): StayedEntry {
  return { path, why, failure: { what: WHAT, path, ...failure } };
}

const HINTS: ReadonlyMap<string, string> = new Map([
  ['EACCES', 'its directory may be changed by others only'],
  ['EPERM', 'its directory is sticky, or it is marked as immutable (chattr)'],
  ['EROFS', 'it lies on a file system that is mounted read-only'],
]);
