/** Where a chart of horizontal bars puts labels and bars: side by side, or on a phone stacked. */
import { text } from '@observablehq/plot';
import type { Frame } from './drawing.ts';
import { widthOf, wrap } from './labels.ts';
import { tick } from './numbers.ts';

/** A row, in pixels from the chart's top. */
export interface RowBox {
  /** Its label. */
  readonly lines: readonly string[];
  /** Of the label: its top on a phone, else its middle. */
  readonly labelAt: number;
  readonly barTop: number;
  readonly barBottom: number;
  readonly middle: number;
}

export interface RowLayout {
  readonly boxes: readonly RowBox[];
  /** Room beside the bars: for labels, and for the text at their ends. */
  readonly left: number;
  readonly right: number;
  readonly bottom: number;
}

const TOP = 4;
const AXIS = 40;
const THICKNESS = 16;
const LINE = 15;
const GAP = 10;
const WIDEST_LABEL = 280;

/** `texts` are what stands at the bars' ends. */
export function layOut(
  names: readonly string[],
  texts: readonly string[],
  { width, narrow }: Frame,
): RowLayout {
  const labels = names.map((name) => wrap(name, narrow ? width - 12 : WIDEST_LABEL));
  const left = narrow ? 6 : Math.max(...labels.flat().map(widthOf)) + 14;
  const right = Math.max(...texts.map(widthOf)) + 16;
  let bottom = TOP;
  const boxes = labels.map((lines) => {
    const box = narrow ? stacked(lines, bottom) : beside(lines, bottom);
    bottom += narrow ? lines.length * LINE + 4 + THICKNESS + GAP : besideHeight(lines) + GAP;
    return box;
  });
  return { boxes, left, right, bottom };
}

function stacked(lines: readonly string[], top: number): RowBox {
  const labelAt = top + GAP / 2;
  return { lines, labelAt, ...barFrom(labelAt + lines.length * LINE + 4) };
}

function beside(lines: readonly string[], top: number): RowBox {
  const labelAt = top + (besideHeight(lines) + GAP) / 2;
  return { lines, labelAt, ...barFrom(labelAt - THICKNESS / 2) };
}

function besideHeight(lines: readonly string[]): number {
  return Math.max(lines.length * LINE, THICKNESS);
}

function barFrom(top: number) {
  return { barTop: top, barBottom: top + THICKNESS, middle: top + THICKNESS / 2 };
}

/** The plot's options that follow from it: vertical positions are pixels. */
export function frameOf({ left, right, bottom }: RowLayout) {
  return {
    marginLeft: left,
    marginRight: right,
    marginTop: TOP,
    marginBottom: AXIS,
    height: bottom + AXIS,
    y: { type: 'identity', axis: null },
  } as const;
}

export function xAxis(label: string, { narrow }: Frame) {
  return {
    label,
    labelAnchor: 'center',
    labelArrow: 'none',
    labelOffset: 36,
    ticks: narrow ? 4 : 7,
    nice: narrow ? 4 : 7,
    tickFormat: tick,
    tickSize: 0,
    tickPadding: 8,
    grid: true,
  } as const;
}

/** With a rim, so that no line runs through it. */
const INK = { fill: 'var(--ink)', stroke: 'var(--page)', strokeWidth: 5 } as const;

export function labelMark({ boxes }: RowLayout, { narrow }: Frame) {
  return text(boxes, {
    x: 0,
    y: 'labelAt',
    text: ({ lines }: RowBox) => lines.join('\n'),
    ...INK,
    textAnchor: narrow ? 'start' : 'end',
    lineAnchor: narrow ? 'top' : 'middle',
    lineHeight: LINE / 12,
    dx: narrow ? 0 : -8,
    className: 'label',
  });
}

/** What is written at the ends of the bars. `x` is where the bar or its line ends. */
export function endMark({ boxes }: RowLayout, ends: readonly { x: number; text: string }[]) {
  return text(ends, {
    x: 'x',
    y: (_end, index) => boxes[index]!.middle,
    text: 'text',
    textAnchor: 'start',
    dx: 7,
    ...INK,
    className: 'end',
  });
}
