import fs from 'node:fs';
import { errnoOf } from '../../src/errors.ts';

/** How many files this process has open in a directory, or deeper than a path may be long. */
export function countOpenIn(directory: string): number {
  return fs.readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return fs.readlinkSync(`/proc/self/fd/${fd}`).startsWith(directory);
    } catch (error) {
      // ENOENT is the listing's own, which is closed by now.
      return errnoOf(error) === 'ENAMETOOLONG';
    }
  }).length;
}
