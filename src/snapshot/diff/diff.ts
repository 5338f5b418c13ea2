import { abortSignal, type Checks, callback, flag, requireOptions, text } from '../../checked.ts';
import { type Failure, IngotError, isIngotError } from '../../errors.ts';
import { storePath } from '../../store/store-path.ts';
import { Turns } from '../../turns.ts';
import { changeOf, type Difference, differing, FIELDS, type Field } from './change.ts';
import { type Compare, differences, type Pair } from './differences.ts';
import { joined } from './joined.ts';
import { LocalSide } from './local-side.ts';
import { type Place, placeOf } from './place.ts';
import { type Compared, LeafSide, type Side, SnapshotSide } from './side.ts';

export interface DiffOptions {
  /**
   * Read every file of this machine whose size is that of the other one. Default false: only where
   * its modification time is another one.
   */
  readonly checksum?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called for a directory or file of this machine that cannot be read. Default: it is thrown. */
  readonly onUnreadable?: ((failure: Failure) => void) | undefined;
}

const CHECKS: Checks<DiffOptions> = {
  checksum: flag,
  signal: abortSignal,
  onUnreadable: callback,
};

/**
 * Compares two trees: snapshots, as `openSnapshot` names them, or a directory or file of this machine
 * (a path with a slash, `.`, `..`, or a directory whose name no snapshot has). Gives the differences
 * in the order of paths, as they are found; segments that both snapshots have are not opened.
 *
 * Of an entry of this machine type, size, modification time, permissions, target and content are
 * compared; the content is read where size and time cannot tell. Throws what `openSnapshot` throws,
 * INGOT_AMBIGUOUS_NAME, and an errno.
 */
export async function* diff(
  store: string,
  before: string,
  after: string,
  options: DiffOptions = {},
): AsyncGenerator<Difference, void, undefined> {
  requireOptions(options, CHECKS);
  for (const each of [before, after]) text('place to compare', each);
  const root = storePath(store);
  const places = [await placeOf(root, before), await placeOf(root, after)] as const;
  yield* new Diff(root, places, options).run();
}

/** What a directory of this machine is compared by: owners are mostly its user's. */
const LOCAL_FIELDS = FIELDS.filter(
  (name) => !['uid', 'gid', 'group', 'xattrs', 'lacks'].includes(name),
);
/** Hard links of another directory have another name for the same group. */
const MOVED_FIELDS = FIELDS.filter((name) => name !== 'group');

class Diff {
  readonly #store: string;
  readonly #places: readonly [Place, Place];
  readonly #options: DiffOptions;
  readonly #fields: readonly Field[];
  /** Keys of directories that could not be listed, of each side one: what is below is unknown. */
  readonly #unlisted: string[] = [];

  constructor(store: string, places: readonly [Place, Place], options: DiffOptions) {
    this.#store = store;
    this.#places = places;
    this.#options = options;
    this.#fields = fieldsFor(places);
  }

  async *run(): AsyncGenerator<Difference> {
    const [a, b] = [await this.#sideOf(0), await this.#sideOf(1)];
    const compare: Compare<Difference> = (pair) => {
      const { key, before, after } = pair;
      if (this.#unlisted.some((each) => key.startsWith(each) && key !== each)) return undefined;
      if (before === undefined || after === undefined) return oneSided(pair);
      if (before.type === 'file' && after.type === 'file' && isUnread(before, after))
        return this.#afterReading(key, [before, a], [after, b]);
      return this.#difference(key, before, after);
    };
    const turns = new Turns({ stepsPerLook: STEPS_PER_LOOK, signal: this.#options.signal });
    try {
      yield* joined(differences(a, b, compare, turns));
    } finally {
      a.close?.();
      b.close?.();
    }
  }

  async #sideOf(which: 0 | 1): Promise<Side> {
    const place = this.#places[which];
    const { onUnreadable, signal } = this.#options;
    if ('local' in place)
      return new LocalSide(place.local, {
        ...{ store: this.#store, signal },
        onUnlisted: (path, failure) => {
          if (onUnreadable === undefined) throw new IngotError(failure);
          onUnreadable(failure);
          this.#unlisted[which] = `${path}/`;
        },
      });
    const { entry, path, tree } = place.snapshot;
    if (entry === undefined || entry.type === 'directory') return SnapshotSide.at(tree, path);
    return new LeafSide(entry);
  }

  /** Reads those that have no digest, unless their times tell enough. */
  async #afterReading(
    key: string,
    [before, a]: readonly [ComparedFile, Side],
    [after, b]: readonly [ComparedFile, Side],
  ): Promise<Difference | undefined> {
    if (before.mtime === after.mtime && this.#options.checksum !== true) {
      const digest = before.digest ?? after.digest;
      return this.#difference(key, { ...before, digest }, { ...after, digest });
    }
    try {
      const read = async (file: ComparedFile, side: Side) => ({
        ...file,
        digest: file.digest ?? (await side.digestOf(key)),
      });
      return this.#difference(key, await read(before, a), await read(after, b));
    } catch (error) {
      if (!isIngotError(error) || this.#options.onUnreadable === undefined) throw error;
      this.#options.onUnreadable(error.toFailure());
      return undefined;
    }
  }

  #difference(key: string, before: Compared, after: Compared): Difference | undefined {
    const fields = differing(before, after, this.#fields);
    if (fields.length === 0) return undefined;
    return { path: pathOf(key), change: changeOf(fields), before, after, fields };
  }
}

const STEPS_PER_LOOK = 16;

type ComparedFile = Extract<Compared, { readonly type: 'file' }>;

function isUnread(before: ComparedFile, after: ComparedFile): boolean {
  return before.size === after.size && (before.digest === undefined || after.digest === undefined);
}

/** The root directory has an entry in some snapshots only. */
function oneSided({ key, before, after }: Pair): Difference | undefined {
  if (key === '' && (before ?? after)?.type === 'directory') return undefined;
  const change = before === undefined ? 'added' : 'removed';
  return { path: pathOf(key), change, before, after, fields: [] };
}

function pathOf(key: string): string {
  return key.endsWith('/') ? key.slice(0, -1) : key;
}

function fieldsFor([before, after]: readonly [Place, Place]): readonly Field[] {
  if ('local' in before || 'local' in after) return LOCAL_FIELDS;
  return before.snapshot.path === after.snapshot.path ? FIELDS : MOVED_FIELDS;
}
