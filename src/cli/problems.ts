/**
 * What could not be stored, for people. A disk that goes away would fill the screen with its entries:
 * more than a few of one directory that ended alike are one line. So lines come at the end of a run,
 * lost sources first, which are why the others are there.
 */
import { type Failure, IngotError } from '../errors.ts';
import type { EntryReport } from '../ingest/outcome.ts';
import { joinPath } from '../names.ts';
import { splitPath } from '../sources/walk/named-entries.ts';
import { count } from '../units.ts';

/** Entries of one directory, outcome and errno that are named each. */
const MAX_NAMED = 10;

/** Lines and groups that are held: some MB at most. When there are more, what there is is said early. */
const MAX_HELD = 10_000;

/** An entry that is a problem, and in a word how it ended. */
export interface Problem extends Pick<EntryReport, 'path'> {
  readonly outcome: string;
}

/** Entries that ended alike. */
interface Group {
  readonly outcome: string;
  readonly failure: Failure;
  /** What they have in common: "of one directory", and its path. */
  readonly of: string;
  readonly path: string;
  count: number;
  /** Not of all of them where there are too many. */
  lines: string[];
}

export class Problems {
  readonly #say: (line: string) => void;
  #groups = new Groups();

  constructor(say: (line: string) => void) {
    this.#say = say;
  }

  add({ path, outcome }: Problem, failure: Failure): void {
    const [directory] = splitPath(path);
    const line = `${outcome}: ${new IngotError(failure).message}`;
    const of = 'of one directory';
    this.#groups.add({ outcome, failure, of, path: directory, count: 1, lines: [line] });
    if (this.#groups.held >= MAX_HELD) this.print([]);
  }

  /** Says what is held, and holds nothing any more. */
  print(lostSources: readonly Failure[]): void {
    for (const source of lostSources) this.#say(new IngotError(source).message);
    const groups = new Groups();
    for (const group of this.#groups) groups.add(lostWith(group, lostSources));
    for (const group of groups) for (const line of linesOf(group)) this.#say(line);
    this.#groups = new Groups();
  }
}

class Groups {
  /** Lines and groups. */
  held = 0;
  readonly #groups = new Map<string, Group>();

  add(more: Group): void {
    const key = [more.outcome, more.failure.code, more.of, more.path].join('\0');
    const group = this.#groups.get(key);
    if (group === undefined) {
      this.#groups.set(key, more);
      this.held += 1 + more.lines.length;
      return;
    }
    const before = group.lines.length;
    group.count += more.count;
    group.lines = group.count > MAX_NAMED ? [] : [...group.lines, ...more.lines];
    this.held += group.lines.length - before;
  }

  [Symbol.iterator](): Iterator<Group> {
    return this.#groups.values();
  }
}

/** What went with a source is counted for all of it. */
function lostWith(group: Group, lostSources: readonly Failure[]): Group {
  const lost = lostSources.find(
    ({ code, path = '' }) =>
      (group.outcome === 'vanished' || group.failure.code === code) &&
      joinPath(group.path, '').startsWith(joinPath(path, '')),
  );
  return lost === undefined ? group : { ...group, of: 'of a lost source', path: lost.path! };
}

function linesOf({ outcome, failure, of, path, count: number, lines }: Group): readonly string[] {
  if (number <= MAX_NAMED) return lines;
  const what = `${count(number)} entries ${of}`;
  const all = new IngotError({ ...failure, what, path, hint: '-v names each' });
  return [`${outcome}: ${all.message}`];
}
