import { errnoOf, SHORTAGES } from '../errors.ts';
import type { AnyDescriptor } from '../native/descriptor.ts';
import type { ExtendedAttribute, XattrReader } from '../native/xattrs.ts';
import { isKeptXattr, xattrsText } from '../snapshot/xattrs.ts';

/** The extended attributes of files and directories, as lines of a snapshot have them. */
export class FileXattrs {
  readonly #reader: XattrReader | undefined;

  /** `reader`: undefined where they are not wanted, or cannot be read. */
  constructor(reader: XattrReader | undefined) {
    this.#reader = reader;
  }

  /** Of an open file. Undefined for what no line can have: unreadable ones, and too many. */
  ofOpen(fd: AnyDescriptor): string | undefined {
    return this.#reader === undefined ? '' : textOf(() => this.#reader!.ofOpen(fd, isKeptXattr));
  }

  /** The same of what is at a path. */
  at(path: string | Buffer): string | undefined {
    return this.#reader === undefined ? '' : textOf(() => this.#reader!.atLink(path, isKeptXattr));
  }
}

function textOf(read: () => readonly ExtendedAttribute[]): string | undefined {
  try {
    const found = read();
    return found.length === 0 ? '' : xattrsText(found);
  } catch (error) {
    const code = errnoOf(error);
    // It is the process that is short of something, not the file.
    if (code === undefined || SHORTAGES.has(code)) throw error;
    return undefined;
  }
}
