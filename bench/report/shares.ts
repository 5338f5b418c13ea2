/** Stacked bars: what part of the workers' time each phase took. */
import { rect } from '@observablehq/plot';
import { PHASES, type Phase } from '../../src/index.ts';
import { percent } from '../../src/units.ts';
import type { Row } from '../results.ts';
import { draw } from './drawing.ts';
import { html, type Markup } from './html.ts';
import { endMark, frameOf, labelMark, layOut, xAxis } from './row-layout.ts';

export interface PhaseRow {
  readonly label: string;
  /** Of 1, in the phases' order. */
  readonly shares: Readonly<Record<Phase, number>>;
  readonly bottleneck: Phase;
}

/** Undefined for a row without phases, or in which the workers did nothing. */
export function toPhaseRow({ label, stageMs }: Row): PhaseRow | undefined {
  if (stageMs === undefined) return undefined;
  const total = PHASES.reduce((sum, phase) => sum + stageMs[phase], 0);
  if (!(total > 0)) return undefined;
  const shareOf = (phase: Phase) => stageMs[phase] / total;
  const shares = Object.fromEntries(PHASES.map((phase) => [phase, shareOf(phase)]));
  const bottleneck = PHASES.reduce((most, phase) =>
    stageMs[phase] > stageMs[most] ? phase : most,
  );
  return { label, shares: shares as Record<Phase, number>, bottleneck };
}

/** `rows` has at least one. */
export function drawShares(name: string, rows: readonly PhaseRow[]): Markup {
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

function partsOf({ shares }: PhaseRow, index: number) {
  let to = 0;
  return PHASES.filter((phase) => shares[phase] > 0).map((phase) => {
    const from = to;
    to += shares[phase] * 100;
    const title = `${phase} ${percent(shares[phase])}`;
    return { index, from, to, title, color: `var(--${phase})` };
  });
}

function legend(): Markup {
  const items = PHASES.map((phase) => html`<li><i class="key ${phase}"></i>${phase}</li>`);
  return html`<ul class="legend">${items}</ul>`;
}
