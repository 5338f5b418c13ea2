import { isUtf8 } from 'node:buffer';
import fs from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { addressKind } from '../addresses.ts';
import { UsageError } from '../errors.ts';
import { nativeRealPath } from '../names.ts';

/**
 * The one door for the path of a store, or of where one would be: makes it absolute, so that all
 * that is joined to it later leads to the same place. Throws a UsageError for what is no path, and
 * for one that as a string would be another: the empty one is the working directory to
 * path.resolve, and bytes that are not UTF-8 are lost. So is an address of another machine, unless
 * there is something of that name here.
 */
export function storePath(given: unknown, of = 'this store'): string {
  if (typeof given !== 'string')
    throw refused(of, 'INGOT_USAGE', { why: `its path is ${article(given)}, not a string` });
  if (given === '') throw refused(of, 'INGOT_NO_STORE', { why: 'its path is empty' });
  if (given.includes('\0'))
    throw refused(of, 'INGOT_BAD_PATH', { path: given, why: 'its path holds a NUL byte' });
  if (!given.isWellFormed())
    throw refused(of, 'INGOT_BAD_PATH', {
      path: given,
      why: 'its path is not UTF-8',
      hint: 'use a path of plain text; sources may have any name',
    });
  requireLocal(given, of);
  if (!isAbsolute(given) && !isWorkingDirectoryUtf8())
    throw new UsageError({
      what: 'cannot use a relative path here',
      code: 'INGOT_BAD_PATH',
      path: given,
      why: 'the path of the working directory is not UTF-8',
      hint: 'give an absolute path, or run it in another directory',
    });
  return resolve(given);
}

/** It would be made as a folder of that name, and nobody would look for it there. */
function requireLocal(given: string, of: string): void {
  const kind = addressKind(given);
  if (kind === undefined || (kind === 'host' && fs.existsSync(given))) return;
  const what = kind === 'url' ? 'it is a URL' : 'it names another machine';
  throw refused(of, 'INGOT_NOT_LOCAL', {
    path: given,
    why: `${what}, and a store is a local folder`,
    hint: `mount it and name the folder (sshfs, rclone mount), or write './${given}' for a folder of that name`,
  });
}

function refused(
  of: string,
  code: string,
  more: { readonly path?: string; readonly why: string; readonly hint?: string },
): UsageError {
  return new UsageError({ what: `cannot use ${of}`, code, ...more });
}

function article(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

function isWorkingDirectoryUtf8(): boolean {
  // Node puts this in the place of bytes that are not UTF-8; but a name may hold it, too.
  if (!process.cwd().includes('\ufffd')) return true;
  const found = nativeRealPath('.');
  return typeof found !== 'string' && isUtf8(found);
}
