import type { FoundFile } from '../../sources/found-files.ts';
import { LARGE, type TaskDone, UNREAD } from '../messages.ts';
import { type PackedFiles, Packer, unpack } from '../packed-files.ts';

export interface LeftFiles {
  /** Not begun: the run was stopped, or the batch had enough. */
  readonly unread: PackedFiles;
  /** Each gets a task of its own. */
  readonly large: readonly { readonly file: FoundFile; readonly size: number }[];
}

/** What a batch gave back of its files. */
export function leftOf(files: PackedFiles, { outcomes, sizes }: TaskDone): LeftFiles {
  const unread = new Packer();
  const large: { file: FoundFile; size: number }[] = [];
  // In most batches nothing is left, and no name has to be made.
  const isAnyLeft = outcomes.includes(UNREAD) || outcomes.includes(LARGE);
  const found = isAnyLeft ? unpack(files) : [];
  let index = 0;
  for (const { names, areLinks, ...walked } of found) {
    const rest: string[] = [];
    for (const name of names) {
      const at = index++;
      if (outcomes[at] === UNREAD) rest.push(name);
      else if (outcomes[at] === LARGE) large.push({ file: { ...walked, name }, size: sizes[at]! });
    }
    unread.add({ ...walked, areLinks, names: rest });
  }
  return { unread: unread.take(), large };
}
