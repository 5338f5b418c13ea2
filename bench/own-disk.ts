/** A folder on the user's own disk to measure in. */
import fs from 'node:fs';
import path from 'node:path';
import { failed } from '../src/errors.ts';
import type { Arena } from './arena.ts';
import { runInPlace } from './children.ts';
import { freeBytesAt } from './quiet-disk.ts';

/** Makes an arena in a new folder below `parent`. Throws an IngotError when it cannot. */
export function makeOwnDisk(parent: string): Arena {
  const home = makeFolder(parent);
  const arena = path.join(home, 'arena');
  const renew = () => {
    remove(arena);
    fs.mkdirSync(arena);
    // What the deletion left to write back would slow the next run down.
    runInPlace('sync', '-f', arena);
  };
  try {
    renew();
    return {
      path: arena,
      description: describeDisk(arena),
      renew,
      freeBytes: () => freeBytesAt(arena),
      remove: () => remove(home),
    };
  } catch (error) {
    remove(home);
    throw error;
  }
}

/** Type and device of the disk that holds a folder: `ext4 on /dev/vda`. */
export function describeDisk(folder: string): string {
  const table = runInPlace('df', '--output=fstype,source', folder);
  const [type, device] = table.trim().split('\n').at(-1)!.trim().split(/\s+/);
  return `${type} on ${device}`;
}

function makeFolder(parent: string): string {
  try {
    return fs.mkdtempSync(path.join(parent, 'ingot-bench-'));
  } catch (error) {
    throw failed('cannot make a folder to measure in', error, { path: parent });
  }
}

function remove(folder: string): void {
  fs.rmSync(folder, { recursive: true, force: true });
}
