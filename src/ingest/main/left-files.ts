import type { FoundFile, FoundFiles } from '../../sources/found-files.ts';
import { countOf } from '../../sources/found-files.ts';
import { LARGE, type TaskDone, UNREAD } from '../messages.ts';
import { type PackedFiles, Packer, unpack } from '../packed-files.ts';

/** A large file. */
export interface LeftLarge {
  readonly file: FoundFile;
  readonly size: number;
  /** Which file it is, where it has several names. */
  readonly identity: string | undefined;
}

export interface LeftFiles {
  /** Not begun: the run was stopped, or the batch had enough. */
  readonly unread: PackedFiles;
  /** Each gets a task of its own. */
  readonly large: readonly LeftLarge[];
}

/** What a batch gave back of its files. */
export function leftOf(files: PackedFiles, reply: TaskDone): LeftFiles {
  const { outcomes, sizes, linked, isCutOff } = reply;
  const unread = new Packer();
  const large: LeftLarge[] = [];
  // In most batches nothing is left, and no name has to be made.
  const isAnyLeft = isCutOff || outcomes.includes(LARGE);
  let first = 0;
  for (const { found, isLink, isUntouched } of isAnyLeft ? withNames(files, reply) : []) {
    const { names, areLinks: _, known, ...walked } = found;
    const rest: { readonly files: string[]; readonly links: string[] } = { files: [], links: [] };
    for (const [number, name] of names.entries()) {
      const at = first + number;
      if (outcomes[at] === UNREAD) (isLink(number) ? rest.links : rest.files).push(name);
      else if (outcomes[at] === LARGE)
        large.push({ file: { ...walked, name }, size: sizes[at]!, identity: linked.get(at) });
    }
    if (isUntouched) unread.add(found);
    unread.add({ ...walked, names: rest.files });
    unread.add({ ...walked, names: rest.links, areLinks: true });
    first += countOf({ ...found, known });
  }
  return { unread: unread.take(), large };
}

interface Named {
  /** With the names that were read since; those it came with have no `known`. */
  readonly found: FoundFiles;
  readonly isLink: (index: number) => boolean;
  /** Its names are in a record, and it was not begun. */
  readonly isUntouched: boolean;
}

function* withNames(
  files: PackedFiles,
  { listed, pending }: TaskDone,
): Generator<Named, void, undefined> {
  const lists = new Map(listed.map((list) => [list.directory, list]));
  const whole = new Set(pending);
  let directory = 0;
  for (const found of unpack(files)) {
    const isWhole = whole.has(directory);
    const list = lists.get(directory++);
    if (list === undefined) {
      const isUntouched = found.known !== undefined && !isWhole;
      yield { found, isLink: () => found.areLinks ?? false, isUntouched };
    } else {
      const links = new Set(list.links);
      yield {
        found: { ...found, names: [...list.names] },
        isLink: (index) => links.has(index),
        isUntouched: false,
      };
    }
  }
}
