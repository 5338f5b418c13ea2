/**
 * Removes a name of a source, if what has it is what it is to be:
 *
 *   look ─▶ rename aside ─▶ look again ─▶ unlink
 *
 * Who replaces it between the first look and the last has replaced a name that is not there any more,
 * or is found by the second look. Then it gets its name back, without replacing anything. A kill in
 * between leaves it under the one name or the other.
 */
import { randomBytes } from 'node:crypto';
import { errnoOf, hasErrno } from '../../../errors.ts';
import { toFsPath } from '../../../names.ts';
import type { AtCalls } from '../../../native/at.ts';
import type { FileStatus, StatusReader } from '../../../native/file-status.ts';
import type { StayedEntry } from '../../removal.ts';
import type { OpenName } from './source-directories.ts';
import { changed, leftAside, refused } from './stays.ts';
import type { Fate } from './tally.ts';

export interface RemovalCalls {
  readonly at: AtCalls;
  readonly status: Required<StatusReader>;
}

/** What a name has to be, so that it is removed. */
export interface Expected {
  readonly isIt: (now: FileStatus) => boolean;
  /** An inode says which file it is. */
  readonly inodesStay: (now: FileStatus) => boolean;
}

/** Of fixed length: some names could not be made longer. */
const ASIDE = '.ingot-removed-';

const ASIDE_BYTES = 8;

/** Taken from time to time: to ask for a few bytes takes as long as a rename. */
let random = Buffer.alloc(0);

function nameAside(): string {
  if (random.length === 0) random = randomBytes(512 * ASIDE_BYTES);
  const name = random.toString('hex', 0, ASIDE_BYTES);
  random = random.subarray(ASIDE_BYTES);
  return ASIDE + name;
}

/** Never throws what the calls fail with. */
export function removeName(calls: RemovalCalls, name: OpenName, expected: Expected): Fate {
  const { status } = calls;
  try {
    const before = status.in(name.directory, toFsPath(name.name));
    if (before === undefined) return 'gone';
    if (!expected.isIt(before)) return changed(name.path);
    const aside = nameAside();
    moveAside(calls, name, aside);
    return removeAside(calls, name, { aside, before, inodesStay: expected.inodesStay(before) });
  } catch (error) {
    return hasErrno(error, 'ENOENT') ? 'gone' : refused(name.path, error);
  }
}

/** Nobody knows the new name, so nothing has it. */
function moveAside({ at }: RemovalCalls, { directory, name }: OpenName, aside: string): void {
  if (at.renameNew(directory, name, aside) === undefined) at.rename(directory, name, aside);
}

interface Aside {
  readonly aside: string;
  /** As it was a moment ago. */
  readonly before: FileStatus;
  readonly inodesStay: boolean;
}

function removeAside(calls: RemovalCalls, name: OpenName, moved: Aside): Fate {
  const { at, status } = calls;
  const { aside, before, inodesStay } = moved;
  let why: StayedEntry;
  try {
    const after = status.in(name.directory, aside);
    if (after === undefined) return 'gone';
    if (isSame(before, after, inodesStay)) {
      at.unlink(name.directory, aside);
      return 'removed';
    }
    why = changed(name.path);
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return 'gone';
    why = refused(name.path, error);
  }
  return giveBack(calls, name, aside) ? why : leftAside(why, aside);
}

/** The same file, that nobody has written to. The rename itself has set its ctime. */
function isSame(before: FileStatus, after: FileStatus, inodesStay: boolean): boolean {
  return (
    before.mode === after.mode &&
    before.uid === after.uid &&
    before.gid === after.gid &&
    before.size === after.size &&
    before.modifiedNanoseconds === after.modifiedNanoseconds &&
    before.modifiedSeconds === after.modifiedSeconds &&
    (!inodesStay || (before.inode === after.inode && before.inodeLow === after.inodeLow))
  );
}

/** False when it could not have its name back. */
function giveBack({ at }: RemovalCalls, { directory, name }: OpenName, aside: string): boolean {
  try {
    const isBack = at.renameNew(directory, aside, name);
    if (isBack !== undefined) return isBack;
    // It replaces nothing either.
    at.link(directory, aside, directory, name);
    at.unlink(directory, aside);
    return true;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return false;
  }
}
