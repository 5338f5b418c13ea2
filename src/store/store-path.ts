import { isUtf8 } from 'node:buffer';
import fs from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { UsageError } from '../errors.ts';

/**
 * The absolute path of a store, or of where one would be. Throws a UsageError for a relative one
 * where the name of the working directory is not UTF-8: as a string it would name another
 * directory.
 */
export function absolutePath(path: string): string {
  if (!isAbsolute(path) && !isWorkingDirectoryUtf8())
    throw new UsageError({
      what: 'cannot use a relative path here',
      code: 'INGOT_BAD_PATH',
      path,
      why: 'the path of the working directory is not UTF-8',
      hint: 'give an absolute path, or run it in another directory',
    });
  return resolve(path);
}

function isWorkingDirectoryUtf8(): boolean {
  // Node puts this in the place of bytes that are not UTF-8; but a name may hold it, too.
  if (!process.cwd().includes('\ufffd')) return true;
  return isUtf8(fs.realpathSync.native('.', { encoding: 'buffer' }));
}
