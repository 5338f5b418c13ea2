/** Stacked bars: what part of the workers' time each stage took. */
import { rect } from '@observablehq/plot';
import { STAGES, type Stage } from '../../src/index.ts';
import { percent } from '../../src/units.ts';
import type { Row } from '../results.ts';
import { draw } from './drawing.ts';
import { html, type Markup } from './html.ts';
import { endMark, frameOf, labelMark, layOut, xAxis } from './row-layout.ts';

export interface StageRow {
  readonly label: string;
  /** Of 1, in the stages' order. */
  readonly shares: Readonly<Record<Stage, number>>;
  readonly bottleneck: Stage;
}

/** Undefined for a row without stages, or in which the workers did nothing. */
export function toStageRow({ label, stageMs }: Row): StageRow | undefined {
  if (stageMs === undefined) return undefined;
  const total = STAGES.reduce((sum, stage) => sum + stageMs[stage], 0);
  if (!(total > 0)) return undefined;
  const shareOf = (stage: Stage) => stageMs[stage] / total;
  const shares = Object.fromEntries(STAGES.map((stage) => [stage, shareOf(stage)]));
  const bottleneck = STAGES.reduce((most, stage) =>
    stageMs[stage] > stageMs[most] ? stage : most,
  );
  return { label, shares: shares as Record<Stage, number>, bottleneck };
}

/** `rows` has at least one. */
export function drawShares(name: string, rows: readonly StageRow[]): Markup {
  const ends = rows.map(({ shares, bottleneck }) => `${bottleneck} ${percent(shares[bottleneck])}`);
  const names = rows.map(({ label }) => label);
  const parts = rows.flatMap((row, index) => partsOf(row, index));
  const chart = draw(name, (frame) => {
    const layout = layOut(names, ends, frame);
    return {
      ...frameOf(layout),
      x: { ...xAxis('% of the workers’ time', frame), domain: [0, 100] },
      marks: [
        rect(parts, {
          ...{ x1: 'from', x2: 'to', fill: 'color', title: 'title', className: 'bar' },
          y1: ({ index }) => layout.boxes[index]!.barTop,
          y2: ({ index }) => layout.boxes[index]!.barBottom,
          stroke: 'var(--page)',
        }),
        endMark(
          layout,
          ends.map((text) => ({ x: 100, text })),
        ),
        labelMark(layout, frame),
      ],
    };
  });
  return html`${legend()}${chart}`;
}

function partsOf({ shares }: StageRow, index: number) {
  let to = 0;
  return STAGES.filter((stage) => shares[stage] > 0).map((stage) => {
    const from = to;
    to += shares[stage] * 100;
    const title = `${stage} ${percent(shares[stage])}`;
    return { index, from, to, title, color: `var(--${stage})` };
  });
}

function legend(): Markup {
  const items = STAGES.map((stage) => html`<li><i class="key ${stage}"></i>${stage}</li>`);
  return html`<ul class="legend">${items}</ul>`;
}
