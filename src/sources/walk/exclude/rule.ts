import type { NamePattern, NamePatterns } from './name-pattern.ts';
import { type Part, partsOf } from './pattern-parts.ts';

/** Any number of directories, none included: `**` between slashes. */
export const ANY_DIRECTORIES = Symbol('**');
export type Step = NamePattern | typeof ANY_DIRECTORIES;

/** One line of a .gitignore. */
export interface Rule {
  /** Of rules that match, the one with the highest place decides. */
  readonly place: number;
  /** It began with `!`: what it matches is let in again. */
  readonly letsIn: boolean;
  readonly directoriesOnly: boolean;
  /** It began with a slash. */
  readonly isRooted: boolean;
  /** The directories that lead to the name. */
  readonly above: readonly Step[];
  readonly name: NamePattern;
  /** The one path it matches, where it has no wildcards and more than a name. */
  readonly path: string | undefined;
}

/** Undefined for an empty line, a comment, and what git lets match nothing. */
export function parseRule(line: string, place: number, patterns: NamePatterns): Rule | undefined {
  const [text] = line.split('\0', 1) as [string];
  if (text.startsWith('#')) return undefined;
  const trimmed = withoutSpacesAtEnd(text);
  const letsIn = trimmed.startsWith('!');
  const pattern = letsIn ? trimmed.slice(1) : trimmed;
  const directoriesOnly = pattern.endsWith('/');
  const body = directoriesOnly ? pattern.slice(0, -1) : pattern;
  const isRooted = body.startsWith('/');
  const parts = partsOf(isRooted ? body.slice(1) : body);
  if (parts === undefined) return undefined;
  const steps = body.includes('/') ? anchored(parts, patterns) : floating(parts[0]!, patterns);
  const path = steps.length > 1 ? literalPath(steps) : undefined;
  const name = steps.pop() as NamePattern;
  return { place, letsIn, directoriesOnly, isRooted, above: steps, name, path };
}

/** True when the directories of a path are as the steps say. */
export function leadsTo(above: readonly Step[], directories: readonly string[]): boolean {
  let step = 0;
  let at = 0;
  // Where to go on when what follows the last `**` does not fit: one directory later each time.
  let retryStep = -1;
  let retryAt = 0;
  while (at < directories.length) {
    const wanted = above[step];
    if (wanted === ANY_DIRECTORIES) {
      retryStep = ++step;
      retryAt = at;
      if (step === above.length) return true;
    } else if (wanted?.matches(directories[at]!)) {
      step++;
      at++;
    } else {
      if (retryStep < 0) return false;
      step = retryStep;
      at = ++retryAt;
    }
  }
  while (above[step] === ANY_DIRECTORIES) step++;
  return step === above.length;
}

function anchored(parts: readonly Part[], patterns: NamePatterns): Step[] {
  const steps: Step[] = [];
  for (const part of parts)
    steps.push(/^\*{2,}$/.test(part.text) ? ANY_DIRECTORIES : patterns.of(part));
  // `a/**` is what lies in `a`, on any level.
  if (steps.at(-1) === ANY_DIRECTORIES) steps.push(patterns.of(ASTERISK));
  return steps;
}

const ASTERISK = partsOf('*')![0]!;

/** A pattern without a slash matches a name in any directory. */
function floating(part: Part, patterns: NamePatterns): Step[] {
  return [ANY_DIRECTORIES, patterns.of(part)];
}

function literalPath(steps: readonly Step[]): string | undefined {
  const names: string[] = [];
  for (const step of steps) {
    if (step === ANY_DIRECTORIES || step.runs.length > 1) return undefined;
    names.push(step.runs[0]!);
  }
  return names.join('/');
}

/** As git cuts them off: none behind a backslash, and none at all before a lone one at the end. */
function withoutSpacesAtEnd(line: string): string {
  if (!line.endsWith(' ')) return line;
  let end = 0;
  for (let at = 0; at < line.length; at++) {
    const char = line[at];
    if (char === '\\') at++;
    if (char !== ' ') end = at + 1;
  }
  return line.slice(0, end);
}
