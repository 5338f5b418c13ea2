import { errnoOf } from '../errors.ts';
import { toFsPath } from '../names.ts';
import { fileSystemTypeOf } from '../native/file-system-type.ts';

/** What can be relied on in what a device says of its files. */
export interface Reliance {
  /** An inode says which file it is: elsewhere two files may have had the same one. */
  readonly inodesStay: boolean;
  /** The times of files are by this machine's clock. */
  readonly timesAreLocal: boolean;
}

const UNKNOWN: Reliance = { inodesStay: false, timesAreLocal: false };

/** The devices that a thread has met. */
export class Devices {
  readonly #known = new Map<number, Reliance>();

  /** `directory`: the path of one on that device; a Buffer as calls take it. */
  relianceOn(device: number, directory: string | Buffer): Reliance {
    let found = this.#known.get(device);
    if (found === undefined) {
      found = relianceAt(directory);
      this.#known.set(device, found);
    }
    return found;
  }
}

function relianceAt(directory: string | Buffer): Reliance {
  try {
    return fileSystemTypeOf(typeof directory === 'string' ? toFsPath(directory) : directory);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return UNKNOWN;
  }
}
