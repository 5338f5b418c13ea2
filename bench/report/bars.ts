/** Bars from zero, one a row, with a line from the least to the most of its runs. */
import { type Markish, rect, ruleX, ruleY } from '@observablehq/plot';
import { draw, unitFor } from './drawing.ts';
import type { Markup } from './html.ts';
import type { Measure, Value } from './measures.ts';
import { endMark, frameOf, labelMark, layOut, xAxis } from './row-layout.ts';

export interface Bar extends Value {
  readonly label: string;
  /** `ours`, or what it is compared with. */
  readonly color: 'ours' | 'other';
}

/** `bars` has at least one. */
export function drawBars(name: string, bars: readonly Bar[], measure: Measure): Markup {
  const end = Math.max(...bars.map(({ most }) => most), measure.mark ?? 0);
  const { name: unitName, size } = unitFor([end], measure.units);
  const texts = bars.map(({ value }) => measure.text(value));
  const names = bars.map(({ label }) => label);
  return draw(name, (frame) => {
    const layout = layOut(names, texts, frame);
    const boxes = bars.map((bar, index) => ({
      ...layout.boxes[index]!,
      color: `var(--${bar.color})`,
      value: bar.value / size,
      least: bar.least / size,
      most: bar.most / size,
      text: texts[index]!,
      title: `${names[index]}: ${texts[index]}`,
    }));
    return {
      ...frameOf(layout),
      x: { ...xAxis(unitName, frame), domain: [0, end / size || 1] },
      marks: [
        rect(boxes, {
          ...{ x1: 0, x2: 'value', y1: 'barTop', y2: 'barBottom' },
          ...{ fill: 'color', title: 'title', className: 'bar' },
        }),
        ...whiskers(boxes),
        ...(measure.mark === undefined ? [] : [ruleX([measure.mark], MARK)]),
        endMark(
          layout,
          boxes.map(({ value, most: x, text }) => ({ x: Math.max(value, x), text })),
        ),
        labelMark(layout, frame),
      ],
    };
  });
}

const MARK = { stroke: 'var(--ink)', strokeDasharray: '4 3' } as const;

interface Range {
  readonly least: number;
  readonly most: number;
  readonly middle: number;
}

function whiskers(all: readonly Range[]): Markish[] {
  const ranges = all.filter(({ least, most }) => least < most);
  const line = { stroke: 'var(--ink)', className: 'whisker' } as const;
  const cap = {
    y1: ({ middle }: Range) => middle - 4,
    y2: ({ middle }: Range) => middle + 4,
  };
  return [
    ruleY(ranges, { ...line, y: 'middle', x1: 'least', x2: 'most' }),
    ruleX(ranges, { ...line, ...cap, x: 'least' }),
    ruleX(ranges, { ...line, ...cap, x: 'most' }),
  ];
}
