/** Programs of the machine that ingot uses where they are there. */
import fs from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from './errors.ts';

/**
 * Whether a process could not be started because its program is not there. Where a folder on the PATH
 * may not be read, execvp(3) fails with EACCES for a program that is nowhere, and fails alike for one
 * that is there and may not be run. So the PATH is looked at.
 */
export function isMissingProgram(error: unknown, program: string): boolean {
  const code = errnoOf(error);
  if (code !== 'EACCES') return code === 'ENOENT';
  const folders = (process.env.PATH ?? '').split(':');
  // existsSync is false for what lies in a folder that may not be read.
  return !folders.some((folder) => fs.existsSync(join(folder, program)));
}
