import fs from 'node:fs';
import { dirname } from 'node:path';
import { hasErrno, isDenied } from '../errors.ts';

/** What a refusal of rights is about, for the error that reports it. */
export interface Denial {
  readonly path: string;
  readonly hint: string;
}

/**
 * Of a call that was refused (EACCES, EPERM): the very file or folder that refused it, be it one on
 * the way, and whose it is. `at` is what the call was about, where its error does not say. Undefined
 * for any other failure.
 */
export function denialOf(error: unknown, at?: string): Denial | undefined {
  if (!isDenied(error)) return undefined;
  const { path = at, dest, syscall = '' } = error as NodeJS.ErrnoException & { dest?: string };
  if (!path?.startsWith('/')) return undefined;
  const ofNames = /^(mkdir|rmdir|unlink|rename|link)/.test(syscall);
  if (!hasErrno(error, 'EACCES')) return { path, hint: NOT_BY_MODE };
  const refusing = refusingOf(path, ofNames) ?? (dest && refusingOf(dest, ofNames)) ?? path;
  return { path: refusing, hint: rightsOf(refusing) };
}

const NOT_BY_MODE =
  'lsattr shows whether it is immutable; in a directory with the sticky bit only its owner may';

/**
 * The topmost folder on the way that may not be entered; else what is there, unless the call was
 * about its name; else its folder, where that takes and gives no names.
 */
function refusingOf(path: string, ofNames: boolean): string | undefined {
  const { W_OK, X_OK } = fs.constants;
  const folder = dirname(path);
  const way: string[] = [];
  for (let at = folder; at !== dirname(at); at = dirname(at)) way.unshift(at);
  const closed = way.find((at) => !may(at, X_OK));
  if (closed !== undefined) return closed;
  if (!ofNames && statOf(path) !== undefined) return path;
  return may(folder, W_OK) ? undefined : folder;
}

function rightsOf(path: string): string {
  const found = statOf(path);
  if (found === undefined) return 'check its owner and its mode';
  const { uid, gid } = found;
  const mode = (found.mode & 0o7777).toString(8).padStart(4, '0');
  const user = process.geteuid?.();
  const owners = found.isDirectory() ? 0o700 : 0o600;
  if (uid === user && (found.mode & owners) !== owners)
    return `its mode is ${mode}: run 'chmod u+rwX' on it`;
  return `its mode is ${mode}, its owner uid ${uid}, its group gid ${gid}; you are uid ${user}`;
}

function statOf(path: string): fs.Stats | undefined {
  try {
    return fs.lstatSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function may(path: string, how: number): boolean {
  try {
    fs.accessSync(path, how);
    return true;
  } catch {
    return false;
  }
}
