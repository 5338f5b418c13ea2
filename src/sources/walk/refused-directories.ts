import { errnoOf, failed, SHORTAGES } from '../../errors.ts';
import { unsupportedKind } from '../kind.ts';
import type { EntryStatus } from '../mode-status.ts';
import type { DirectoryOps } from './directory.ts';
import type { FoundEntry, WalkSink } from './entries.ts';

const UNREADABLE = 'cannot read a directory';
const VANISHED = 'a directory has vanished';

/** The directory was there when its name was read, and is not (a directory) any more. */
const GONE: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR']);
const NEVER: ReadonlySet<string> = new Set();

/**
 * The calls whose failure is the directory's own: after them, its entries are being looked at. To
 * Node both opening and reading it are `scandir`.
 */
const OPENING: ReadonlySet<string> = new Set(['scandir', 'opendir']);

/** Ends directories that cannot be read: the walk goes on without them. */
export class RefusedDirectories {
  readonly #sink: WalkSink;
  readonly #ops: DirectoryOps;

  constructor(sink: WalkSink, ops: DirectoryOps) {
    this.#sink = sink;
    this.#ops = ops;
  }

  /** A name that was a directory's when it was read, and is something else's now. */
  replaced(entry: FoundEntry, stats: EntryStatus): void {
    const { path } = entry;
    const kind = stats.isFile() || stats.isSymbolicLink() ? undefined : unsupportedKind(stats);
    if (kind !== undefined) this.#sink.unsupported(entry, kind);
    else this.#sink.vanished(entry, { what: VANISHED, code: 'ENOTDIR', path });
  }

  /** One that cannot be looked at. Throws when the run cannot go on. */
  unseen(entry: FoundEntry, error: unknown): void {
    this.#refuse(entry, error, GONE);
  }

  /** One whose reading failed. Throws as `unseen`. */
  unread(directory: string, path: string | Buffer, error: unknown): void {
    const opening = OPENING.has((error as NodeJS.ErrnoException).syscall ?? '');
    const gone = opening && !this.#isThere(path) ? GONE : NEVER;
    this.#refuse({ path: directory, inTree: undefined }, error, gone);
  }

  /** A directory that is there is not gone because reading it fails with ENOENT. */
  #isThere(path: string | Buffer): boolean {
    try {
      return this.#ops.lstatSync(path).isDirectory();
    } catch (error) {
      if (errnoOf(error) === undefined) throw error;
      return false;
    }
  }

  #refuse(entry: FoundEntry, error: unknown, gone: ReadonlySet<string>): void {
    const { path } = entry;
    const code = errnoOf(error);
    // It is the process that is short of descriptors or memory, not the directory.
    if (code === undefined || SHORTAGES.has(code)) throw failed(UNREADABLE, error, { path });
    if (gone.has(code)) this.#sink.vanished(entry, { what: VANISHED, code, path });
    else this.#sink.unreadable(entry, { what: UNREADABLE, code, path });
  }
}
