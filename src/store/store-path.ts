import { isUtf8 } from 'node:buffer';
import { isAbsolute, resolve } from 'node:path';
import { UsageError } from '../errors.ts';
import { nativeRealPath } from '../names.ts';

/**
 * The one door for the path of a store, or of where one would be: makes it absolute, so that all
 * that is joined to it later leads to the same place. Throws a UsageError for what is no path, and
 * for one that as a string would be another: the empty one is the working directory to
 * path.resolve, and bytes that are not UTF-8 are lost.
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
