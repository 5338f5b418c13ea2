/** A measure over a number that was varied, such as threads or files. One line a series. */
import { dot, lineY, type Markish, ruleX } from '@observablehq/plot';
import { count } from '../../src/units.ts';
import type { Row } from '../results.ts';
import { draw, type Frame, unitFor } from './drawing.ts';
import { html, type Markup } from './html.ts';
import { widthOf } from './labels.ts';
import type { Measure, Value } from './measures.ts';
import { short, tick } from './numbers.ts';
import { grouped, varying } from './parameters.ts';

export interface Point extends Value {
  readonly x: number;
  /** Which line it belongs to; empty when there is one. */
  readonly series: string;
}

export interface Over {
  /** The parameter that was varied, and how the axis calls it. */
  readonly key: string;
  readonly name: string;
  readonly scale: 'linear' | 'log';
}

/** The rows that have the measure and a number above 0 as the parameter. */
export function toPoints(rows: readonly Row[], measure: Measure, { key }: Over): Point[] {
  const others = varying(rows).filter((other) => other !== key);
  return rows.flatMap((row) => {
    const x = Number(row.parameters[key]);
    const value = measure.of(row);
    if (value === undefined || !(x > 0)) return [];
    return [{ ...value, x, series: others.map((other) => row.parameters[other]).join(', ') }];
  });
}

/** Room around the lines, in pixels. */
const LEFT = 58;
const RIGHT = 40;
const INSET = 14;

const COLORS = 4;
const SYMBOLS = [
  ['circle', '●'],
  ['square', '■'],
  ['triangle', '▲'],
] as const;

/** `points` has at least one. */
export function drawLines(
  name: string,
  points: readonly Point[],
  measure: Measure,
  over: Over,
): Markup {
  const unit = unitFor(
    points.map(({ most }) => most),
    measure.units,
  );
  const scaled = points.map((point) => ({
    ...point,
    value: point.value / unit.size,
    least: point.least / unit.size,
    most: point.most / unit.size,
    title: `${count(point.x)}: ${measure.text(point.value)}`,
  }));
  const series = grouped(scaled, (point) => point.series);
  const chart = draw(name, (frame) => ({
    height: frame.narrow ? 250 : 320,
    marginLeft: LEFT,
    marginRight: RIGHT,
    marginTop: 30,
    marginBottom: 42,
    x: xScale(points, over, frame),
    y: {
      label: unit.name,
      labelArrow: 'none',
      domain: [0, Math.max(...scaled.map(({ most }) => most)) || 1],
      nice: 5,
      ticks: 5,
      tickFormat: tick,
      tickSize: 0,
      tickPadding: 8,
      grid: true,
    },
    marks: series.flatMap(([, members], index) => seriesMarks(members, index)),
  }));
  return html`${series.length > 1 ? legend(series.map(([key]) => key)) : undefined}${chart}`;
}

type Scaled = Point & { readonly title: string };

function seriesMarks(points: readonly Scaled[], index: number): Markish[] {
  const color = colorOf(index);
  const at = { x: 'x', stroke: color } as const;
  const ranges = points.filter(({ least, most }) => least < most);
  return [
    lineY(
      [...points].sort((a, b) => a.x - b.x),
      { ...at, y: 'value', strokeWidth: 2 },
    ),
    ruleX(ranges, { x: 'x', y1: 'least', y2: 'most', stroke: 'var(--ink)', className: 'whisker' }),
    dot(points, {
      x: 'x',
      y: 'value',
      r: 4.5,
      fill: color,
      stroke: 'var(--page)',
      symbol: SYMBOLS[index % SYMBOLS.length]![0],
      title: 'title',
      className: 'point',
    }),
  ];
}

function colorOf(index: number): string {
  return `var(--series-${(index % COLORS) + 1})`;
}

function xScale(points: readonly Point[], { name, scale }: Over, frame: Frame) {
  const values = [...new Set(points.map(({ x }) => x))].sort((a, b) => a - b);
  return {
    type: scale,
    domain: [values[0]!, values.at(-1)!],
    label: name,
    labelAnchor: 'center',
    labelArrow: 'none',
    labelOffset: 38,
    ticks: withRoom(values, scale, frame.width - LEFT - RIGHT - 2 * INSET),
    tickFormat: short,
    tickSize: 0,
    tickPadding: 10,
    inset: INSET,
  } as const;
}

/** The values whose text does not run into that of the value before, on an axis this long. */
function withRoom(values: readonly number[], scale: Over['scale'], length: number): number[] {
  const along = (value: number) => (scale === 'log' ? Math.log(value) : value);
  const [first, last] = [along(values[0]!), along(values.at(-1)!)];
  let end = Number.NEGATIVE_INFINITY;
  return values.filter((value) => {
    const middle = first < last ? ((along(value) - first) / (last - first)) * length : 0;
    const half = widthOf(short(value)) / 2 + 3;
    if (middle - half < end) return false;
    end = middle + half;
    return true;
  });
}

function legend(names: readonly string[]): Markup {
  const items = names.map((name, index) => {
    const symbol = SYMBOLS[index % SYMBOLS.length]![1];
    return html`<li><b class="series-${(index % COLORS) + 1}">${symbol}</b>${name}</li>`;
  });
  return html`<ul class="legend">${items}</ul>`;
}
