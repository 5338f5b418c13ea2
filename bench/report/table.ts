/** The numbers of a chart as a table. Where it does not fit, each row is folded below its label. */
import { PHASES } from '../../src/index.ts';
import { byteRate, bytes, count, percent } from '../../src/units.ts';
import { ratioHead } from '../finding.ts';
import type { Row } from '../results.ts';
import { BREAKPOINTS, flatWidth, type Grid, labelWidth, tileWidth, turned } from './grid.ts';
import { html, type Markup } from './html.ts';
import { secondsPerFile } from './measures.ts';
import { figure, ratio, spread, time } from './numbers.ts';
import { varying } from './parameters.ts';
import type { PhaseRow } from './shares.ts';

interface Column<Of> {
  readonly head: string;
  /** Undefined where the row has nothing to say. */
  readonly cell: (row: Of) => string | undefined;
  readonly isText?: boolean;
}

/** Only columns that any row fills. */
export function rowTable(name: string, rows: readonly Row[]): Markup {
  const columns = [
    ...parameterColumns(rows),
    ...TIMES,
    {
      head: ratioHead(rows),
      cell: ({ ratio: value }: Row) => mapped(value, (each) => spread(each, ratio)),
    },
    ...OTHERS,
    ...(sharedRuns(rows) === undefined ? [RUNS] : []),
    ...figureColumns(rows),
  ];
  return table(name, rangeText(rows), turned(toGrid(rows, columns)));
}

export function phaseTable(name: string, rows: readonly PhaseRow[]): Markup {
  const shares = PHASES.map((phase) => ({
    head: phase,
    cell: (row: PhaseRow) => percent(row.shares[phase]),
  }));
  return table(name, undefined, toGrid(rows, shares));
}

const TIMES: readonly Column<Row>[] = [
  { head: 'time', cell: ({ seconds }) => mapped(seconds, (value) => spread(value, time)) },
  {
    head: 'time a file',
    cell: (row) => mapped(secondsPerFile(row), (value) => spread(value, time)),
  },
  { head: 'files/s', cell: ({ filesPerSecond: rate }) => mapped(rate, count) },
  { head: 'data rate', cell: ({ bytesPerSecond: rate }) => mapped(rate, byteRate) },
];

const OTHERS: readonly Column<Row>[] = [
  {
    head: 'time ÷ the floor’s',
    cell: ({ floor }) => floor && `${ratio(floor.distance)} of ${floor.label}`,
    isText: true,
  },
  { head: 'peak memory', cell: ({ peakRssBytes: peak }) => mapped(peak, bytes) },
  { head: 'bottleneck', cell: ({ bottleneck }) => bottleneck, isText: true },
];

const RUNS: Column<Row> = { head: 'runs', cell: (row) => mapped(runsOf(row), count) };

function runsOf({ seconds, ratio: spread }: Row): number | undefined {
  return (seconds ?? spread)?.runs;
}

/** Undefined where rows have different numbers of runs. */
function sharedRuns(rows: readonly Row[]): number | undefined {
  const runs = new Set(rows.flatMap((row) => runsOf(row) ?? []));
  return runs.size === 1 ? [...runs][0] : undefined;
}

/** What the numbers in parentheses are; nothing where there are none. */
function rangeText(rows: readonly Row[]): string | undefined {
  if (!rows.some((row) => (runsOf(row) ?? 0) > 1)) return undefined;
  const runs = sharedRuns(rows);
  return `Median (fastest – slowest)${runs === undefined ? '' : ` of ${count(runs)} runs`}`;
}

/** What the rows need to be told apart: nothing where their labels do it. */
function parameterColumns(rows: readonly Row[]): Column<Row>[] {
  if (new Set(rows.map(({ label }) => label)).size === rows.length) return [];
  return varying(rows).map((key) => ({
    head: key,
    cell: ({ parameters }) => {
      const value = parameters[key];
      return typeof value === 'number' ? figure(value) : value;
    },
    isText: rows.some(({ parameters }) => typeof parameters[key] === 'string'),
  }));
}

/** The column `time a file` says it with its range. */
const SAID_ELSEWHERE = 'microsecondsAFile';

function figureColumns(rows: readonly Row[]): Column<Row>[] {
  const names = new Set(rows.flatMap(({ figures }) => Object.keys(figures ?? {})));
  names.delete(SAID_ELSEWHERE);
  return [...names].map((name) => ({
    head: inWords(name),
    cell: ({ figures }) => mapped(figures?.[name], figure),
  }));
}

/** `timesTheLeast` → `times the least`, `callsAFile` → `calls a file` */
function inWords(name: string): string {
  const start = /(?<=[a-z\d])[A-Z]|(?<=[A-Z])[A-Z](?=[a-z])/g;
  return name.replace(start, (letter) => ` ${letter.toLowerCase()}`);
}

function mapped<Value>(value: Value | undefined, format: (value: Value) => string) {
  return value === undefined ? undefined : format(value);
}

function toGrid<Of extends { readonly label: string }>(
  rows: readonly Of[],
  columns: readonly Column<Of>[],
): Grid {
  const filled = columns.filter(({ cell }) => rows.some((row) => cell(row) !== undefined));
  return {
    columns: filled.map(({ head, isText = false }) => ({ head, isText })),
    rows: rows.map((row) => ({ label: row.label, cells: filled.map(({ cell }) => cell(row)) })),
  };
}

function table(name: string, note: string | undefined, grid: Grid): Markup {
  const kinds = grid.columns.map(({ isText }) => (isText ? 'text' : 'number'));
  const heads = grid.columns.map(
    ({ head }, at) => html`<th scope="col" class="${kinds[at]}">${head}</th>`,
  );
  const body = grid.rows.map(({ label, cells }) => {
    const filled = cells.map(
      (cell, at) =>
        html`<td class="${kinds[at]}" data-head="${grid.columns[at]!.head}">${cell}</td>`,
    );
    return html`<tr><th scope="row">${label}</th>${filled}</tr>`;
  });
  const width = flatWidth(grid);
  const from = BREAKPOINTS.find((breakpoint) => width <= breakpoint);
  const sizes = `--label: ${labelWidth(grid)}px; --tile: ${tileWidth(grid)}px`;
  return html`${note === undefined ? undefined : html`<p class="note">${note}</p>`}
<div class="scroll"><table aria-label="${name}" class="${from === undefined ? 'folded' : `from-${from}`}" style="${sizes}">
<thead><tr><td></td>${heads}</tr></thead>
<tbody>${body}</tbody>
</table></div>`;
}
