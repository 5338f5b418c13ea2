/**
 * Who may use what ingot makes in a store: whoever may use the store's own directory. Its mode and
 * its group are the only setting, so `chmod` and `chgrp` change it, and `--shared` is short for them.
 */
import fs from 'node:fs';
import type { Rights } from '../../../files/rights.ts';

export interface StoreRights {
  readonly folder: Rights;
  readonly file: Rights;
  /** Who can open a lock can hold it, so these are for those who may write. */
  readonly lock: Rights;
}

const SETGID = 0o2000;
const GROUP_WRITES = 0o020;
const OTHERS_WRITE = 0o002;

/**
 * Those that the mode of a store's directory stands for. Users who are not of its group may at most
 * read, whatever it lets them do. Throws what stat(2) fails with.
 */
export function storeRights(root: string): StoreRights {
  const { mode, gid } = fs.statSync(root);
  const folder = 0o700 | (mode & (SETGID | 0o075));
  const file = 0o600 | (folder & 0o064);
  const lock = 0o600 | (isSet(mode, GROUP_WRITES) ? 0o060 : 0);
  return { folder: { mode: folder, gid }, file: { mode: file, gid }, lock: { mode: lock, gid } };
}

/** True for a directory that its group shares on purpose, as `--shared` makes them. */
export function isShared(mode: number): boolean {
  return isSet(mode, SETGID | GROUP_WRITES) && !isSet(mode, OTHERS_WRITE);
}

export function isSet(mode: number, bits: number): boolean {
  return (mode & bits) === bits;
}
