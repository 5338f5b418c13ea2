import ignore, { type Ignore } from 'ignore';
import type { Part } from './pattern-parts.ts';

/** What one name in a path has to be like. */
export interface NamePattern {
  /** As in Part: a name that matches holds all of them. */
  readonly runs: readonly string[];
  matches(name: string): boolean;
}

/** Makes the patterns of one set of rules. */
export class NamePatterns {
  readonly #byIgnore = new Map<string, ByIgnore>();
  readonly #memory = new Memory();

  /** Throws a SyntaxError for a part that is too large for a regular expression. */
  of(part: Part): NamePattern {
    const { text, runs } = part;
    if (part.onlyAsterisks) return runs.length === 1 ? new Literal(runs) : new WithAsterisks(runs);
    let pattern = this.#byIgnore.get(text);
    if (pattern === undefined) {
      pattern = new ByIgnore(part, this.#memory);
      this.#byIgnore.set(text, pattern);
    }
    return pattern;
  }
}

class Literal implements NamePattern {
  readonly runs: readonly string[];
  readonly #text: string;

  constructor(runs: readonly string[]) {
    this.runs = runs;
    this.#text = runs[0]!;
  }

  matches(name: string): boolean {
    return name === this.#text;
  }
}

/** `*.c`, `x*y*`: what stands between the asterisks has to occur in its order. */
class WithAsterisks implements NamePattern {
  readonly runs: readonly string[];
  readonly #first: string;
  readonly #between: readonly string[];
  readonly #last: string;

  constructor(runs: readonly string[]) {
    this.runs = runs;
    this.#first = runs[0]!;
    this.#between = runs.slice(1, -1);
    this.#last = runs.at(-1)!;
  }

  matches(name: string): boolean {
    const end = name.length - this.#last.length;
    let from = this.#first.length;
    if (from > end || !name.startsWith(this.#first) || !name.endsWith(this.#last)) return false;
    for (const run of this.#between) {
      const at = name.indexOf(run, from);
      from = at + run.length;
      if (at < 0 || from > end) return false;
    }
    return true;
  }
}

/** A part that is longer is compiled at once: shorter ones are never too large. */
const MAX_SURE = 1000;

/** A part with `?` or brackets. Compiled at its first use: of many rules few meet any name. */
class ByIgnore implements NamePattern {
  readonly runs: readonly string[];
  readonly #part: Part;
  /** What a name needs at least: few are worth a regular expression. */
  readonly #literals: WithAsterisks;
  readonly #rule: Ignore;
  readonly #memory: Memory;
  #remembering: Ignore | undefined;

  constructor(part: Part, memory: Memory) {
    this.runs = part.runs;
    this.#part = part;
    this.#literals = new WithAsterisks(part.runs);
    this.#memory = memory;
    // Between slashes nothing in it is a comment, a negation or white space to be cut off.
    this.#rule = emptyRules().add(`/${part.text}/`);
    if (part.text.length > MAX_SURE) this.#isMet('a');
  }

  matches(name: string): boolean {
    const { length, hasAsterisk } = this.#part;
    if (hasAsterisk ? name.length < length : name.length !== length) return false;
    return this.#literals.matches(name) && this.#isMet(name);
  }

  #isMet(name: string): boolean {
    const asDirectory = this.#memory.ask(name);
    if (this.#remembering === undefined) {
      this.#remembering = emptyRules().add(this.#rule);
      this.#memory.remembers(this);
    }
    return this.#remembering.ignores(asDirectory);
  }

  forget(): void {
    this.#remembering = undefined;
  }
}

/** Names that are remembered by all patterns together: some MB. */
const REMEMBERED_NAMES = 100_000;

/** `ignore` remembers every name it was asked about; from time to time all is forgotten. */
class Memory {
  #remembering: ByIgnore[] = [];
  #asked = 0;
  /** The name that was asked about last. */
  #name = '';
  #asDirectory = '/';

  /** Gives the name with a slash at its end. */
  ask(name: string): string {
    if (++this.#asked % REMEMBERED_NAMES === 0) {
      for (const pattern of this.#remembering) pattern.forget();
      this.#remembering = [];
    }
    if (name !== this.#name) {
      this.#name = name;
      this.#asDirectory = `${name}/`;
    }
    return this.#asDirectory;
  }

  remembers(pattern: ByIgnore): void {
    this.#remembering.push(pattern);
  }
}

function emptyRules(): Ignore {
  return ignore({ ignorecase: false });
}
