import type { RemovalReport, StayedEntry } from '../../removal.ts';

/** How an entry ends that is to be removed. */
export type Fate = 'removed' | 'gone' | StayedEntry;

/** Counts how entries end; names those that stay. */
export class RemovalTally {
  files = 0;
  links = 0;
  directories = 0;
  bytes = 0;
  gone = 0;
  notEmpty = 0;
  /** Entries that have ended. */
  ended = 0;
  readonly #stayed = new Map<string, number>();
  readonly #onStayed: (entry: StayedEntry) => void;

  constructor(onStayed: (entry: StayedEntry) => void = () => {}) {
    this.#onStayed = onStayed;
  }

  file(fate: Fate, bytes: number): void {
    if (this.#isRemoved(fate)) {
      this.files++;
      this.bytes += bytes;
    }
  }

  link(fate: Fate): void {
    if (this.#isRemoved(fate)) this.links++;
  }

  directory(fate: Fate): void {
    if (this.#isRemoved(fate)) this.directories++;
  }

  report(): RemovalReport {
    const { files, links, directories, bytes, gone, notEmpty } = this;
    const stayed = [...this.#stayed].sort(([a], [b]) => (a < b ? -1 : 1));
    return { files, links, directories, bytes, gone, notEmpty, stayed, refused: undefined };
  }

  #isRemoved(fate: Fate): boolean {
    this.ended++;
    if (fate === 'removed') return true;
    if (fate === 'gone') this.gone++;
    else {
      this.#stayed.set(fate.why, (this.#stayed.get(fate.why) ?? 0) + 1);
      this.#onStayed(fate);
    }
    return false;
  }
}
