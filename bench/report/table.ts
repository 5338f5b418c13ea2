/** The numbers of a chart as a table, in a box of its own that may scroll sideways. */
import { PHASES } from '../../src/index.ts';
import { byteRate, bytes, count, percent } from '../../src/units.ts';
import type { Row } from '../results.ts';
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
  return table(name, rows, [...parameterColumns(rows), ...COLUMNS, ...figureColumns(rows)]);
}

export function phaseTable(name: string, rows: readonly PhaseRow[]): Markup {
  const shares = PHASES.map((phase) => ({
    head: phase,
    cell: (row: PhaseRow) => percent(row.shares[phase]),
  }));
  return table(name, rows, shares);
}

const COLUMNS: readonly Column<Row>[] = [
  { head: 'time', cell: ({ seconds }) => mapped(seconds, (value) => spread(value, time)) },
  {
    head: 'time a file',
    cell: (row) => mapped(secondsPerFile(row), (value) => spread(value, time)),
  },
  { head: 'files/s', cell: ({ filesPerSecond: rate }) => mapped(rate, count) },
  { head: 'data rate', cell: ({ bytesPerSecond: rate }) => mapped(rate, byteRate) },
  {
    head: 'ratio',
    cell: (row) => mapped(row.ratio, (value) => spread(value, ratio)),
  },
  { head: 'ratio to', cell: (row) => row.ratio?.to, isText: true },
  { head: 'time ÷ the floor’s', cell: ({ floor }) => floor && ratio(floor.distance) },
  { head: 'floor that binds', cell: ({ floor }) => floor?.label, isText: true },
  { head: 'peak memory', cell: ({ peakRssBytes: peak }) => mapped(peak, bytes) },
  { head: 'bottleneck', cell: ({ bottleneck }) => bottleneck, isText: true },
  { head: 'runs', cell: (row) => mapped((row.seconds ?? row.ratio)?.runs, count) },
];

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

/** `timesTheLeast` → `times the least` */
function inWords(name: string): string {
  return name.replace(/(?<=[a-z\d])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function mapped<Value>(value: Value | undefined, format: (value: Value) => string) {
  return value === undefined ? undefined : format(value);
}

function table<Of extends { readonly label: string }>(
  name: string,
  rows: readonly Of[],
  columns: readonly Column<Of>[],
): Markup {
  const filled = columns.filter(({ cell }) => rows.some((row) => cell(row) !== undefined));
  const kind = ({ isText }: Column<Of>) => (isText ? 'text' : 'number');
  const heads = filled.map(
    (column) => html`<th scope="col" class="${kind(column)}">${column.head}</th>`,
  );
  const body = rows.map((row) => {
    const cells = filled.map(
      (column) => html`<td class="${kind(column)}">${column.cell(row)}</td>`,
    );
    return html`<tr><th scope="row">${row.label}</th>${cells}</tr>`;
  });
  return html`<div class="scroll" role="region" aria-label="${name}" tabindex="0"><table>
<thead><tr><td></td>${heads}</tr></thead>
<tbody>${body}</tbody>
</table></div>`;
}
