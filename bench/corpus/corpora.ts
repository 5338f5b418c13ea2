import fs from 'node:fs';
import path from 'node:path';
import { failed } from '../../src/errors.ts';
import { runInPlace } from '../children.ts';
import type { CorpusFacts } from '../results.ts';
import { type CorpusDescription, scaled } from './description.ts';
import { planCorpus } from './plan.ts';
import { writeCorpus } from './write.ts';

export interface Corpus {
  readonly tree: string;
  readonly facts: CorpusFacts;
}

export interface CorporaOptions {
  /** They are made in a new folder below it. */
  readonly parent: string;
  readonly seed: number;
  /** Every tree is larger or smaller by this factor. */
  readonly scale: number;
  /** The name of the one that all questions share: it is not dropped before the end. */
  readonly corpus: string;
}

/** The seeded trees of one run: made when first asked for, on disk until they are dropped. */
export class Corpora {
  readonly #options: CorporaOptions;
  readonly #made = new Map<string, Corpus>();
  #folder: string | undefined;

  constructor(options: CorporaOptions) {
    this.#options = options;
  }

  /** What a tree will hold, without making it. */
  facts(description: CorpusDescription): Required<CorpusFacts> {
    return this.#plan(description).facts;
  }

  /** The tree of this description, in the page cache and flushed. */
  async make(description: CorpusDescription): Promise<Corpus> {
    const known = this.#made.get(description.name);
    if (known !== undefined) return known;
    const tree = path.join(this.#home(), description.name);
    const plan = this.#plan(description);
    const corpus = { tree, facts: plan.facts };
    this.#made.set(description.name, corpus);
    try {
      await writeCorpus(tree, plan, description.folders, this.#options.seed);
      // Write-back that is still to come would run beside what is measured.
      runInPlace('sync', '-f', tree);
    } catch (error) {
      this.#forget(description);
      throw failed('cannot make a tree to measure with', error);
    }
    return corpus;
  }

  /** Removes a tree that only one question needed. */
  drop(description: CorpusDescription): void {
    if (description.name !== this.#options.corpus) this.#forget(description);
  }

  #forget({ name }: CorpusDescription): void {
    const corpus = this.#made.get(name);
    this.#made.delete(name);
    if (corpus !== undefined) fs.rmSync(corpus.tree, { recursive: true, force: true });
  }

  /** Removes all of them. */
  remove(): void {
    this.#made.clear();
    if (this.#folder !== undefined) fs.rmSync(this.#folder, { recursive: true, force: true });
    this.#folder = undefined;
  }

  #plan(description: CorpusDescription) {
    const { seed, scale } = this.#options;
    return planCorpus(scaled(description, scale), seed);
  }

  #home(): string {
    const { parent } = this.#options;
    try {
      this.#folder ??= fs.mkdtempSync(path.join(parent, 'ingot-bench-corpora-'));
    } catch (error) {
      throw failed('cannot make a folder for the trees', error, { path: parent });
    }
    return this.#folder;
  }
}
