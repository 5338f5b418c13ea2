/** Charts as still SVG, so that the page needs no script. Colours are the page's CSS variables. */
import { type PlotOptions, plot } from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { html, type Markup, trusted } from './html.ts';

/** What a chart is drawn into, in pixels. */
export interface Frame {
  readonly width: number;
  /** On a phone: labels stand above their bars, and there are fewer ticks. */
  readonly narrow: boolean;
}

const FRAMES: readonly Frame[] = [
  { width: 840, narrow: false },
  { width: 340, narrow: true },
];

const { document } = parseHTML('<!doctype html><html><body></body></html>');

/**
 * Draws a chart twice, for a wide and for a narrow page, because text that is scaled down with its
 * chart cannot be read. The page's style shows the one that fits.
 */
export function draw(name: string, plan: (frame: Frame) => PlotOptions): Markup {
  return html`<div class="chart">${FRAMES.map((frame) => drawOnce(name, frame, plan(frame)))}</div>`;
}

function drawOnce(name: string, frame: Frame, options: PlotOptions): Markup {
  const svg = plot({
    document,
    width: frame.width,
    className: 'plot',
    // Described in words here, in numbers by the table below it.
    ariaLabel: name,
    ...options,
  });
  svg.setAttribute('role', 'img');
  const kind = frame.narrow ? 'narrow' : 'wide';
  return html`<div class="${kind}">${trusted(svg.outerHTML)}</div>`;
}

export interface Unit {
  readonly name: string;
  /** One of it, in the values' own unit. */
  readonly size: number;
}

/** The unit in which the largest of these values is at least 1. `units` go from small to large. */
export function unitFor(values: readonly number[], units: readonly Unit[]): Unit {
  const largest = Math.max(...values);
  return units.findLast(({ size }) => largest >= size) ?? units[0]!;
}
