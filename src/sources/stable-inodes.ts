import { errnoOf } from '../errors.ts';
import { toFsPath } from '../names.ts';
import { fileSystemTypeOf } from '../native/file-system-type.ts';

/** Where an inode says which file it is: elsewhere two files may have had the same one. */
export class StableInodes {
  readonly #byDevice = new Map<number, boolean>();

  /** `directory`: the path of one on that device. */
  areOn(device: number, directory: string): boolean {
    let stay = this.#byDevice.get(device);
    if (stay === undefined) {
      stay = inodesStayAt(directory);
      this.#byDevice.set(device, stay);
    }
    return stay;
  }
}

function inodesStayAt(directory: string): boolean {
  try {
    return fileSystemTypeOf(toFsPath(directory)).inodesStay;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return false;
  }
}
