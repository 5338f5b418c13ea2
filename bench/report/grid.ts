/** A table before it is markup: its texts, how wide they are, and the side on which its heads stand. */
import { widthOf } from './labels.ts';

export interface Grid {
  readonly columns: readonly Column[];
  readonly rows: readonly GridRow[];
}

interface Column {
  readonly head: string;
  /** False: numbers, which stand at the right. */
  readonly isText: boolean;
}

interface GridRow {
  readonly label: string;
  /** One a column; undefined where there is nothing to say. */
  readonly cells: readonly (string | undefined)[];
}

/** Pixels of the page's content, from which on tables may lie flat. Above the last all fold. */
export const BREAKPOINTS = [320, 480, 640, 800, 1000, 1216] as const;

/** A label wider than this may go on in a second line, where there is no room. */
const LABEL = 240;
/** More do not lie side by side. */
const MANY_COLUMNS = 9;
const WIDEST_TILE = 152;
const PADDING = 16;
/** The text of tables to that of charts, which `widthOf` measures. */
const SCALE = 13 / 12;

/** Pixels that the labels have at least. */
export function labelWidth({ rows }: Grid): number {
  return Math.min(LABEL, widest(rows.map(({ label }) => label)));
}

/** Pixels in which a table can lie flat: each cell in one line, and the labels as wide as they must. */
export function flatWidth(grid: Grid): number {
  const { columns, rows } = grid;
  const cells = columns.map(({ head }, at) =>
    Math.max(headWidth(head), widest(rows.map((row) => row.cells[at] ?? ''))),
  );
  return cells.reduce((sum, width) => sum + width, labelWidth(grid));
}

/** Pixels of a cell below its head, when the table is folded. Longer ones go on in a second line. */
export function tileWidth({ columns, rows }: Grid): number {
  const texts = [...columns.map(({ head }) => head), ...rows.flatMap(({ cells }) => cells)];
  return Math.min(WIDEST_TILE, widest(texts.map((text) => text ?? '')));
}

/** Rows as columns where there are few rows with many numbers each. */
export function turned(grid: Grid): Grid {
  if (grid.columns.length <= Math.max(grid.rows.length, MANY_COLUMNS)) return grid;
  return {
    columns: grid.rows.map(({ label }) => ({ head: label, isText: false })),
    rows: grid.columns.map(({ head }, at) => ({
      label: head,
      cells: grid.rows.map(({ cells }) => cells[at]),
    })),
  };
}

/** In two lines, or as many as it has words that are as long as half of it. */
function headWidth(head: string): number {
  return Math.max(widest(head.split(' ')), widest([head]) / 2 + PADDING);
}

function widest(texts: readonly string[]): number {
  return Math.ceil(Math.max(0, ...texts.map(widthOf)) * SCALE) + PADDING;
}
