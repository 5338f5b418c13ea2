import { errnoOf, failureOf, SHORTAGES } from '../errors.ts';
import type { FoundShortfall } from './messages.ts';
import type { Shortfall } from './report.ts';

const WHAT: Readonly<Record<Shortfall, string>> = {
  mode: 'cannot set the mode',
  owner: 'cannot set the owner',
  time: 'cannot set the time',
  attribute: 'cannot set an extended attribute',
  'hard link': 'cannot make a hard link',
};

/** What could not be set of entries that are there: counted, and the first of each kind kept. */
export class Shortfalls {
  readonly #found = new Map<Shortfall, FoundShortfall>();

  /** Takes a step. Throws only what is no file's fault: a shortage of the machine, a defect. */
  attempt(what: Shortfall, path: () => string, step: () => void): void {
    try {
      step();
    } catch (error) {
      const code = errnoOf(error);
      if (code === undefined || SHORTAGES.has(code)) throw error;
      this.add(what, path(), error);
    }
  }

  add(what: Shortfall, path: string, error: unknown): void {
    const found = this.#found.get(what);
    if (found !== undefined) found.count++;
    else {
      const failure = { ...failureOf(WHAT[what], error), path };
      this.#found.set(what, { what, failure, count: 1 });
    }
  }

  get all(): readonly FoundShortfall[] {
    return [...this.#found.values()];
  }
}
