import { posix } from 'node:path';
import { asError, UsageError } from '../../../errors.ts';
import { walkTurns } from '../turns.ts';
import { toMatchable } from './matchable.ts';
import { NamePatterns } from './name-pattern.ts';
import { leadsTo, parseRule, type Rule } from './rule.ts';
import { RuleIndex, type RuleList } from './rule-index.ts';

/** Decides what patterns leave out. Paths are in the escaped form of names.ts. */
export interface Excludes {
  /**
   * `path` is relative to its source. The directories that lead there are not asked about: who has
   * come to a path on a walk knows that none of them is left out.
   */
  excludes(path: string, isDirectory: boolean): boolean;
  /**
   * True when a path as it was listed is left out, or a directory that leads to it. One that names
   * no entry (`.`, `/`) is never left out.
   */
  excludesListed(path: string, isDirectory: boolean): boolean;
  /**
   * The same for the last name of a source. Where a directory `isRoot`, patterns that begin with a
   * slash are relative to it, and so not about its own name.
   */
  excludesNamed(path: string, isDirectory: boolean, isRoot: boolean): boolean;
}

/** Rules that are read between two looks at the clock. */
const CHUNK_RULES = 256;

/** Directories of listed paths that are remembered: lists mostly go through them in order. */
const REMEMBERED_DIRECTORIES = 1_000;

/**
 * Rules of .gitignore syntax, the last match deciding. Undefined when there are none. Rejects with
 * a UsageError for a pattern that is too large, and with the signal's reason.
 *
 * Names match byte by byte, as in git: a `?` and a `[!a]` take one byte, of which `é` has two. A
 * backslash in a name is matched by `\\`.
 */
export async function loadExcludes(
  lines: readonly string[],
  signal?: AbortSignal,
): Promise<Excludes | undefined> {
  if (lines.length === 0) return undefined;
  const turns = walkTurns(signal, CHUNK_RULES);
  const patterns = new NamePatterns();
  const index = new RuleIndex();
  const rules: Rule[] = [];
  for (const [place, line] of lines.entries()) {
    const rule = parse(line, place, patterns);
    if (rule !== undefined) {
      rules.push(rule);
      index.count(rule);
    }
    if (turns.isDue()) await turns.take();
  }
  for (const rule of rules) {
    index.add(rule);
    if (turns.isDue()) await turns.take();
  }
  index.end();
  return new IndexedRules(index);
}

function parse(line: string, place: number, patterns: NamePatterns): Rule | undefined {
  try {
    return parseRule(toMatchable(line), place, patterns);
  } catch (error) {
    const refused = asError(error);
    if (refused.name !== 'SyntaxError') throw error;
    throw notAPattern(refused);
  }
}

/** What is asked about, beside the path itself. */
interface Entry {
  readonly name: string;
  readonly isDirectory: boolean;
  /** Rules that begin with a slash are about something else. */
  readonly skipsRooted: boolean;
}

class IndexedRules implements Excludes {
  readonly #index: RuleIndex;
  /** The directory that was asked about last, with a slash at its end; what follows belongs to it. */
  #directory = '';
  #directories: readonly string[] = [];
  #listsAbove: RuleList[] = [];
  /** Of listed paths: whether it or one above it is left out. */
  readonly #areOut = new Map<string, boolean>();

  constructor(index: RuleIndex) {
    this.#index = index;
    index.collectAbove([], this.#listsAbove);
  }

  excludes(path: string, isDirectory: boolean): boolean {
    return this.#decide(path, isDirectory, false);
  }

  excludesListed(path: string, isDirectory: boolean): boolean {
    const below = withoutLead(path);
    if (below === '') return false;
    const end = below.lastIndexOf('/');
    return (end > 0 && this.#isOut(below.slice(0, end))) || this.excludes(below, isDirectory);
  }

  excludesNamed(path: string, isDirectory: boolean, isRoot: boolean): boolean {
    const name = posix.basename(path);
    if (['', '.', '..'].includes(name)) return false;
    return this.#decide(name, isDirectory, isRoot);
  }

  /** From the top, where it or one above it is not known. */
  #isOut(directory: string): boolean {
    const known = this.#areOut.get(directory);
    if (known !== undefined) return known;
    let isOut = false;
    for (let end = 0; end < directory.length && !isOut; ) {
      const slash = directory.indexOf('/', end + 1);
      end = slash < 0 ? directory.length : slash;
      isOut = this.excludes(directory.slice(0, end), true);
    }
    if (this.#areOut.size === REMEMBERED_DIRECTORIES) this.#areOut.clear();
    this.#areOut.set(directory, isOut);
    return isOut;
  }

  #decide(escaped: string, isDirectory: boolean, skipsRooted: boolean): boolean {
    const path = toMatchable(escaped);
    const end = path.lastIndexOf('/') + 1;
    this.#goTo(path.slice(0, end));
    const name = path.slice(end);
    const lists = [...this.#listsAbove];
    this.#index.collect(path, name, lists);
    const entry = { name, isDirectory, skipsRooted };
    let last: Rule | undefined;
    for (const list of lists) last = this.#lastMatch(list, entry, last);
    return last !== undefined && !last.letsIn;
  }

  /** The entries of one directory are asked about one after the other. */
  #goTo(directory: string): void {
    if (directory === this.#directory) return;
    this.#directory = directory;
    this.#directories = directory.split('/').slice(0, -1);
    this.#listsAbove = [];
    this.#index.collectAbove(this.#directories, this.#listsAbove);
  }

  /** The last rule of the list that matches, unless `found` comes later. */
  #lastMatch(list: RuleList, entry: Entry, found: Rule | undefined): Rule | undefined {
    for (let at = list.length - 1; at >= 0; at--) {
      const rule = list[at]!;
      if (found !== undefined && rule.place <= found.place) return found;
      if (this.#matches(rule, entry)) return rule;
    }
    return found;
  }

  #matches(rule: Rule, { name, isDirectory, skipsRooted }: Entry): boolean {
    if (rule.directoriesOnly && !isDirectory) return false;
    if (rule.isRooted && skipsRooted) return false;
    return rule.name.matches(name) && leadsTo(rule.above, this.#directories);
  }
}

/** As tar stores a path: without `/`, `./` and `../` before it; empty when nothing is left. */
function withoutLead(path: string): string {
  return posix
    .normalize(path)
    .replace(/^(\.{0,2}\/)+/, '')
    .replace(/^\.{0,2}$|\/$/, '');
}

/** No pattern that gitignore(5) knows is refused for anything but its size. */
function notAPattern(cause: unknown): UsageError {
  return new UsageError(
    {
      what: 'cannot use the exclude patterns',
      code: 'INGOT_BAD_PATTERN',
      why: 'one of them is too long or too complex',
      hint: 'split it into several',
    },
    cause,
  );
}
