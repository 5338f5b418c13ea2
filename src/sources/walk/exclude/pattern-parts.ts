/** Cuts a pattern at its slashes, and each part at its wildcards, as git's wildmatch reads them. */

/** One part of a pattern between two slashes. */
export interface Part {
  readonly text: string;
  /**
   * The literal texts before, between and behind the wildcards, escapes resolved. The only one of a
   * part without wildcards; otherwise the first and the last may be empty.
   */
  readonly runs: readonly string[];
  /** Asterisks are its only wildcards. */
  readonly onlyAsterisks: boolean;
  /** Without asterisks every name that matches is as long as this, otherwise at least. */
  readonly length: number;
  readonly hasAsterisk: boolean;
}

/** Undefined for a pattern that git lets match nothing: `a//b`, `[a`, a lone backslash at the end. */
export function partsOf(pattern: string): Part[] | undefined {
  const parts: Part[] = [];
  for (let from = 0; from <= pattern.length; ) {
    const scanned = scanPart(pattern, from);
    if (scanned === undefined || scanned.end === from) return undefined;
    const { end, next, runs, asterisks, others } = scanned;
    const literals = runs.reduce((length, run) => length + run.length, 0);
    parts.push({
      text: pattern.slice(from, end),
      runs,
      onlyAsterisks: others === 0,
      length: literals + others,
      hasAsterisk: asterisks > 0,
    });
    from = next;
  }
  return parts;
}

interface Scanned {
  readonly runs: readonly string[];
  readonly asterisks: number;
  /** Wildcards for one character each. */
  readonly others: number;
  readonly end: number;
  /** Where the next part begins. */
  readonly next: number;
}

function scanPart(pattern: string, from: number): Scanned | undefined {
  const runs = [''];
  let [asterisks, others] = [0, 0];
  let at = from;
  while (at < pattern.length && pattern[at] !== '/') {
    const char = pattern[at]!;
    if (char === '*' || char === '?' || char === '[') {
      if (char === '*') asterisks++;
      else others++;
      const end = char === '[' ? bracketEnd(pattern, at) : at;
      if (end === undefined) return undefined;
      runs.push('');
      at = end + 1;
    } else if (char === '\\') {
      const escaped = pattern[at + 1];
      if (escaped === undefined) return undefined;
      if (escaped === '/') return { end: at, next: at + 2, runs, asterisks, others };
      runs.push(runs.pop() + escaped);
      at += 2;
    } else {
      const end = literalEnd(pattern, at);
      runs.push(runs.pop() + pattern.slice(at, end));
      at = end;
    }
  }
  return { end: at, next: at + 1, runs, asterisks, others };
}

function literalEnd(pattern: string, from: number): number {
  const special = /[/*?[\\]/g;
  special.lastIndex = from;
  return special.exec(pattern)?.index ?? pattern.length;
}

/** Where the bracket that opens at `start` is closed. A slash in it is a member like any other. */
function bracketEnd(pattern: string, start: number): number | undefined {
  const isNegated = pattern[start + 1] === '!' || pattern[start + 1] === '^';
  const first = isNegated ? start + 2 : start + 1;
  let mayBeginRange = false;
  for (let at = first; at < pattern.length; ) {
    const char = pattern[at];
    const next = pattern[at + 1];
    if (char === ']' && at > first) return at;
    if (char === '-' && mayBeginRange && next !== undefined && next !== ']') {
      at += next === '\\' ? 3 : 2;
      mayBeginRange = false;
      continue;
    }
    const closed = char === '[' && next === ':' ? pattern.indexOf(']', at + 2) : 0;
    if (closed < 0) return undefined;
    const isClass = closed > at + 2 && pattern[closed - 1] === ':';
    mayBeginRange = !isClass;
    if (isClass) at = closed + 1;
    else at += char === '\\' ? 2 : 1;
  }
  return undefined;
}
