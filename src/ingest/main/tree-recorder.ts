import { BlockWriter } from '../../snapshot/block.ts';
import { TreeBuilder } from '../../snapshot/tree-builder.ts';
import type { FoundDirectory, FoundEntry } from '../../sources/walk/entries.ts';
import { splitPath } from '../../sources/walk/named-entries.ts';
import type { FileXattrs } from '../file-xattrs.ts';
import type { TaskBlocks } from '../messages.ts';
import { wordOf } from '../why-missing.ts';

/** Collects what a run learns of its tree: from the walk, and from the workers. */
export class TreeRecorder {
  readonly builder = new TreeBuilder();
  readonly #xattrs: FileXattrs;
  readonly #writer = new BlockWriter();

  constructor(xattrs: FileXattrs) {
    this.#xattrs = xattrs;
  }

  /** Functions throw an IngotError when there is no room to sort what they are given. */
  directory({ inTree, status, path, lacks }: FoundDirectory): void {
    const why = lacks === undefined ? undefined : wordOf(lacks);
    this.#writer.directory(nameOf(inTree), status, { lacks: why, xattrs: this.#xattrs.at(path) });
    this.builder.add(inTree, this.#writer.take());
  }

  /** An entry that has ended where the walk met it. What no tree has is counted elsewhere. */
  missing({ inTree }: FoundEntry, why: string): void {
    if (inTree === undefined) return;
    this.#writer.missing(nameOf(inTree), why);
    const [directory] = splitPath(`/${inTree}`);
    this.builder.add(directory.slice(1), this.#writer.take());
  }

  /** What a task has learnt. */
  add({ directories, bytes, lengths, linked }: TaskBlocks): void {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = 0;
    for (const [index, inTree] of directories.entries()) {
      const end = at + lengths[index]!;
      this.builder.add(inTree, buffer.subarray(at, end), linked[index]);
      at = end;
    }
  }
}

function nameOf(inTree: string): string {
  return inTree.slice(inTree.lastIndexOf('/') + 1);
}
