/**
 * The answer to a question as a sentence, computed from its rows. Which way a ratio goes is said in
 * words: `0.43 of the time of restic (2.3 times as fast)`, `1.13 times as long as cp`.
 */
import type { Question } from './question.ts';
import { figure, ratio, time } from './report/numbers.ts';
import { nameOf } from './report/parameters.ts';
import type { Row, Spread } from './results.ts';

/** As many settings are named each; of more only the fastest and the slowest. */
const MAX_NAMED = 4;

/** Rows without figures say nothing. */
export function findingOf(question: Pick<Question, 'finding'>, rows: readonly Row[]): string {
  const measured = rows.filter(({ absent }) => absent === undefined);
  return question.finding(measured) ?? 'What was measured does not suffice for an answer.';
}

/**
 * How long something takes beside `theirs`, whose time is 1. Where its rounds lie on both sides of
 * 1 there is no clear difference.
 */
export function takes(spread: Spread, theirs?: string): string {
  const { min, median, max, runs } = spread;
  const share = `${ratio(median)} of ${theirs === undefined ? 'its time' : `the time of ${theirs}`}`;
  if (runs > 1 && min <= 1 && max >= 1)
    return `${share} (${ratio(min)} – ${ratio(max)}, no clear difference)`;
  const once = runs === 1 ? ['in a single run'] : [];
  if (median < 1) {
    const fast = `${figure(Number((1 / median).toPrecision(2)))} times as fast`;
    return `${share} (${[fast, ...once].join(', ')})`;
  }
  const than = theirs === undefined ? '' : ` as ${theirs}`;
  return `${ratio(median)} times as long${than}${once.map((word) => ` (${word})`).join('')}`;
}

/** Which way the ratios of rows go: our time ÷ each row's, or each row's ÷ that of one thing. */
export function ratioHead(rows: readonly Row[]): string {
  const other = rows.find((row) => row.ratio && row.ratio.to !== nameOf(row))?.ratio?.to;
  if (other === undefined) return 'ingot’s time ÷ its';
  return `its time ÷ ${other === rows[0]?.label ? 'the first row’s' : `that of ${other}`}`;
}

/** `a`, `a and b`, `a, b, and c` */
export function listed(items: readonly string[]): string {
  if (items.length < 3) return items.join(' and ');
  return `${items.slice(0, -1).join(', ')}, and ${items.at(-1)}`;
}

/** Of one thing's own row, and rows of others with the ratio of its time to theirs. */
export function besideOthers(name: string, rows: readonly Row[]): string | undefined {
  const comparisons = rows.flatMap(({ label, ratio: spread }) =>
    spread === undefined ? [] : takes(spread, label),
  );
  if (comparisons.length > 0) return `${name} takes ${listed(comparisons)}.`;
  const own = rows.find(({ label }) => label === name)?.seconds;
  return own && `${name} takes ${time(own.median)}; nothing could be run beside it.`;
}

/** Of settings, each with the ratio of its time to that of the first one. */
export function amongSettings(rows: readonly Row[]): string | undefined {
  const [base, ...others] = rows;
  const compared = others.flatMap(({ label, ratio: spread }) =>
    spread === undefined ? [] : [{ label, spread }],
  );
  if (base === undefined || compared.length === 0) return undefined;
  if (compared.length <= MAX_NAMED) {
    const each = compared.map(({ label, spread }) => `“${label}” takes ${takes(spread)}`);
    return `Beside “${base.label}”: ${each.join('; ')}.`;
  }
  const sorted = compared.toSorted((a, b) => a.spread.median - b.spread.median);
  const [fastest, slowest] = [sorted[0]!, sorted.at(-1)!];
  const most = `the slowest, “${slowest.label}”, takes ${takes(slowest.spread)}`;
  if (fastest.spread.median >= 1) return `The fastest is “${base.label}”; ${most}.`;
  return `Beside “${base.label}” the fastest, “${fastest.label}”, takes ${takes(fastest.spread)}; ${most}.`;
}
