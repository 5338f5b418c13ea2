/** An answer as a table for the terminal. */
import { byteRate, bytes, count } from '../src/units.ts';
import { ratioHead } from './finding.ts';
import type { Answer, Row, Spread } from './results.ts';

interface Column {
  readonly title: (rows: readonly Row[]) => string;
  /** Undefined where a row has nothing to show. */
  readonly cell: (row: Row) => string | undefined;
}

const COLUMNS: readonly Column[] = [
  {
    title: (rows) => `time${rangeIn(rows.map(({ seconds }) => seconds))}`,
    cell: ({ seconds }) => seconds && range(seconds, time),
  },
  {
    title: () => 'files/s',
    cell: ({ filesPerSecond: rate }) => (rate === undefined ? rate : count(rate)),
  },
  {
    title: () => 'bytes',
    cell: ({ bytesPerSecond: rate }) => (rate === undefined ? rate : byteRate(rate)),
  },
  {
    title: (rows) => `${ratioHead(rows)}${rangeIn(rows.map(({ ratio }) => ratio))}`,
    cell: ({ ratio }) => ratio && range(ratio, (n) => n.toFixed(2)),
  },
  {
    title: () => 'above the floor',
    cell: ({ floor }) => floor && `${floor.distance.toFixed(2)} x ${floor.label}`,
  },
  { title: () => 'bottleneck', cell: ({ bottleneck }) => bottleneck },
  {
    title: () => 'peak RSS',
    cell: ({ peakRssBytes: peak }) => (peak === undefined ? peak : bytes(peak)),
  },
  { title: () => 'figures', cell: ({ figures }) => figures && figuresOf(figures) },
  { title: () => 'settings', cell: ({ settings }) => settings },
];

/**
 * Heading, answer, method, and a line a row, only the columns in which some row has something; then the
 * times as a chart.
 */
export function tableOf({ question, asks, finding, method, rows }: Answer): string {
  const columns = COLUMNS.filter(({ cell }) => rows.some((row) => cell(row) !== undefined));
  const cells = [
    ['', ...columns.map(({ title }) => title(rows))],
    ...rows.map((row) => [row.label, ...rest(row, columns)]),
  ];
  return `${question}: ${asks}\n  ${finding}\n  (${method})\n${align(cells)}\n${chartOf(rows)}`;
}

/** A bar a row that has a time, the longest as wide as BAR_CELLS; nothing for a single one. */
function chartOf(rows: readonly Row[]): string {
  const timed = rows.flatMap(({ label, seconds }) => (seconds ? [{ label, seconds }] : []));
  if (timed.length < 2) return '';
  const longest = Math.max(...timed.map(({ seconds }) => seconds.median));
  return `${align(
    timed.map(({ label, seconds: { median } }) => [label, time(median), bar(median / longest)]),
  )}\n`;
}

function bar(share: number): string {
  const eighths = Math.max(1, Math.round(share * BAR_CELLS * 8));
  return '█'.repeat(Math.floor(eighths / 8)) + PARTS[eighths % 8];
}

const BAR_CELLS = 30;
const PARTS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'] as const;

function rest(row: Row, columns: readonly Column[]): string[] {
  if (row.absent !== undefined) return [`- ${row.absent}`];
  return columns.map(({ cell }) => cell(row) ?? '');
}

/** A last cell may be longer than its column: it widens none. */
function align(lines: readonly string[][]): string {
  const widths: number[] = [];
  for (const line of lines)
    for (const [at, cell] of line.entries())
      if (at === 0 || at < line.length - 1) widths[at] = Math.max(widths[at] ?? 0, cell.length);
  return lines
    .map((line) => `  ${line.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  ')}`.trimEnd())
    .map((line) => `${line}\n`)
    .join('');
}

/** For the title of a column: some cell in it has a range. */
function rangeIn(spreads: readonly (Spread | undefined)[]): string {
  return spreads.some((spread) => spread !== undefined && spread.runs > 1) ? ' (range)' : '';
}

function range({ min, median, max, runs }: Spread, show: (value: number) => string): string {
  return runs === 1 ? show(median) : `${show(median)} (${show(min)}-${show(max)})`;
}

/** Three digits, whatever the size. */
function time(seconds: number): string {
  if (seconds < 1e-3) return `${(seconds * 1e6).toPrecision(3)} us`;
  if (seconds < 1) return `${(seconds * 1e3).toPrecision(3)} ms`;
  return `${seconds >= 100 ? count(seconds) : seconds.toPrecision(3)} s`;
}

function figuresOf(figures: Readonly<Record<string, number>>): string {
  const shown = (value: number) => (value >= 100 ? count(value) : value.toPrecision(3));
  return Object.entries(figures)
    .map(([name, value]) => `${name} ${shown(value)}`)
    .join(', ');
}
