import fs from 'node:fs';
import { printable } from '../../errors.ts';
import { joinPath, realPathOf, toFsPath } from '../../names.ts';
import type { WalkSink } from './entries.ts';
import { splitPath } from './named-entries.ts';

/** A file that the run itself writes. */
export interface OutputFile {
  readonly path: string;
  /** What people call it: "the manifest". */
  readonly is: string;
}

/** Outputs that a walk leaves out where it meets them: they would be stored in an older state. */
export class Outputs {
  readonly #byPath: ReadonlyMap<string, string>;
  readonly #directories: ReadonlySet<string>;

  /** By their real paths, what each is. */
  constructor(byPath: ReadonlyMap<string, string> = new Map()) {
    this.#byPath = byPath;
    this.#directories = new Set(Array.from(byPath.keys(), (path) => splitPath(path)[0]));
  }

  /** Of those that are there: one that is not is met nowhere. */
  static of(files: readonly OutputFile[]): Outputs {
    const there = files.filter(({ path }) => fs.existsSync(toFsPath(path)));
    return new Outputs(new Map(there.map(({ path, is }) => [realPathOf(path), is])));
  }

  /** True where at least one lies in this very directory. */
  lieIn(realDirectory: string): boolean {
    return this.#directories.has(realDirectory);
  }

  /** True for one of them, which is said. */
  leavesOut(realDirectory: string, name: string, sink: Pick<WalkSink, 'notice'>): boolean {
    const is = this.#byPath.get(joinPath(realDirectory, name));
    if (is !== undefined) sink.notice(`${is} ${printable(name)} is left out`);
    return is !== undefined;
  }
}
