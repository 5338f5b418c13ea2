/** Warns when others can change or read a store, as ssh does for the file of a key. */
import fs from 'node:fs';
import { join } from 'node:path';
import { codeOf, type Failure, isFailure } from '../../../errors.ts';
import { METADATA, readFormat } from './format.ts';
import { isShared } from './sharing.ts';

/** Whose process this is: an effective uid, its groups, and who called sudo(8), if anyone did. */
export interface User {
  readonly uid: number;
  readonly gids: readonly number[];
  readonly sudoUid: number | undefined;
}

const ROOT = 0;

function currentUser(): User {
  const { SUDO_UID } = process.env;
  return {
    uid: process.geteuid?.() ?? ROOT,
    gids: [process.getegid?.() ?? ROOT, ...(process.getgroups?.() ?? [])],
    sudoUid: SUDO_UID === undefined ? undefined : Number(SUDO_UID),
  };
}

/**
 * The warning for a user of an existing store: another user owns it, or others may write to it.
 * Undefined when there is nothing to warn of, or no store. A store that the user may only read is
 * no danger: what is read is hashed. Nor is it news to the members of a group that the group shares
 * a store, where that is marked by the setgid bit.
 */
export function accessWarning(root: string, user: User = currentUser()): Failure | undefined {
  const metadata = join(root, METADATA);
  const { R_OK, W_OK } = fs.constants;
  if (!may(root, W_OK) || !may(join(metadata, 'store.json'), R_OK)) return undefined;
  for (const folder of [root, metadata]) {
    const { uid, gid, mode } = fs.statSync(folder);
    if (isShared(mode) && user.uid !== ROOT && user.gids.includes(gid)) continue;
    const warning = ownerWarning(folder, uid, user) ?? modeWarning(folder, mode);
    if (warning !== undefined) return warning;
  }
  return undefined;
}

/**
 * The same for a directory in which a store is about to be made. A directory that we make has mode
 * 0700; the mode of an existing one is its owner's choice, and stays.
 */
export function newStoreWarning(root: string): Failure | undefined {
  if (!isUnmade(root) || !may(root, fs.constants.W_OK)) return undefined;
  const { mode } = fs.statSync(root);
  if ((mode & 0o077) === 0 || (isShared(mode) && (mode & 0o007) === 0)) return undefined;
  return {
    what: 'others can read what is stored here',
    code: 'INGOT_OPEN_STORE',
    path: root,
    why: `objects can be read by all who may enter this directory, and its mode is ${octal(mode)}`,
    hint: `run 'chmod 700' on it unless that is what you want`,
  };
}

/**
 * The owner of a place can lead root astray; root's own files are as safe as the machine. With sudo
 * it is the owner who asked.
 */
function ownerWarning(folder: string, owner: number, user: User): Failure | undefined {
  if (owner === user.uid || owner === ROOT) return undefined;
  const isRoot = user.uid === ROOT;
  if (isRoot && owner === user.sudoUid) return undefined;
  return {
    what: 'the store belongs to another user',
    code: 'INGOT_FOREIGN_STORE',
    path: folder,
    why: `uid ${owner} owns it, you are uid ${user.uid}: its owner can replace all that you store`,
    hint: isRoot
      ? `run as its owner, or root's files get into it: 'setpriv --reuid ${owner} ...' or 'sudo -u "#${owner}" ...'`
      : 'use a store of your own unless you trust its owner',
  };
}

function modeWarning(folder: string, mode: number): Failure | undefined {
  if ((mode & 0o022) === 0 || isShared(mode)) return undefined;
  const who = (mode & 0o002) === 0 ? 'the members of its group' : 'all local users';
  return {
    what: 'others can change the store',
    code: 'INGOT_OPEN_STORE',
    path: folder,
    why: `its mode is ${octal(mode)}: ${who} can put files of their own into it`,
    hint: "run 'chmod go-w' on it, or 'chmod o-w,g+s' if its group shares it",
  };
}

function octal(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, '0');
}

/**
 * True for a directory that a store may be made in; opening it reports why it may not. Throws when
 * it cannot be read.
 */
function isUnmade(root: string): boolean {
  try {
    return readFormat(root) === undefined && fs.existsSync(root);
  } catch (error) {
    if (!codeOf(error)?.startsWith('INGOT_')) throw error;
    return false;
  }
}

function may(path: string, how: number): boolean {
  try {
    fs.accessSync(path, how);
    return true;
  } catch (error) {
    if (!isFailure(error)) throw error;
    return false;
  }
}
