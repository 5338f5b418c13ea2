import { compareKeys } from '../position.ts';
import type { Difference } from './change.ts';

/**
 * Joins what a path has lost and gained, where a directory took the place of something else or the
 * other way round. Between `a` and `a/` lie `a-b` and `a.txt`: what is no directory waits until its
 * directory would have come.
 */
export async function* joined(
  differences: AsyncIterable<Difference>,
): AsyncGenerator<Difference, void, undefined> {
  /** Each path begins with the one before it. */
  const waiting: Difference[] = [];
  for await (const difference of differences) {
    const { path } = difference;
    const isDirectory = entryOf(difference).type === 'directory';
    const key = isDirectory ? `${path}/` : path;
    for (let last = waiting.at(-1); last !== undefined; last = waiting.at(-1)) {
      if (compareKeys(`${last.path}/`, key) >= 0) break;
      yield waiting.pop()!;
    }
    const last = waiting.at(-1);
    if (isDirectory && last?.path === path && last.change !== difference.change)
      yield joinedOf(waiting.pop()!, difference);
    else if (isDirectory || (difference.before !== undefined && difference.after !== undefined))
      yield difference;
    else waiting.push(difference);
  }
  while (waiting.length > 0) yield waiting.pop()!;
}

function joinedOf(one: Difference, other: Difference): Difference {
  const before = one.before ?? other.before;
  const after = one.after ?? other.after;
  return { path: one.path, change: 'type', before, after, fields: ['type'] };
}

function entryOf({ before, after }: Difference) {
  return (after ?? before)!;
}
