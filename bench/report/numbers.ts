/** Measured numbers as the report shows them. */
import { count, duration } from '../../src/units.ts';
import { isNoisy } from '../method.ts';
import type { Spread } from '../results.ts';

/** Up to three significant digits, and every digit before the point: `0.123`, `4.5`, `12,345`. */
export function figure(value: number): string {
  if (Math.abs(value) >= 99.95) return count(value);
  return String(Number(value.toPrecision(3)));
}

/** `8`, `10 k`, `1.5 M`, `2e+9`: where there is little room. */
export function short(value: number): string {
  if (value >= 1e9) return Number(value.toPrecision(3)).toExponential();
  if (value >= 1e6) return `${figure(value / 1e6)} M`;
  return value >= 1e4 ? `${figure(value / 1e3)} k` : count(value);
}

/** A number beside an axis, in full as long as others have room beside it. */
export function tick(value: number): string {
  return value >= 1e6 ? short(value) : figure(value);
}

/** A time that may be short: `4.12 s`, `43.1 ms`, `8.55 µs`. */
export function time(seconds: number): string {
  if (seconds >= 0.9995 || seconds === 0) return duration(seconds * 1000);
  if (seconds >= 0.9995e-3) return `${figure(seconds * 1e3)} ms`;
  return `${figure(seconds * 1e6)} µs`;
}

/** `1.06`, `1,234` */
export function ratio(value: number): string {
  return value >= 99.95 ? count(value) : value.toFixed(2);
}

/** `4.12 s (4.01 – 4.30)`, `1.01 s (990 ms – 1.02 s)`, or the value alone when there was one run. */
export function spread(value: Spread, format: (value: number) => string): string {
  const median = format(value.median);
  if (value.runs < 2) return median;
  const ends = [format(value.min), format(value.max)];
  const unit = unitOf(median);
  const range = ends.every((end) => unitOf(end) === unit)
    ? ends.map((end) => end.slice(0, end.length - unit.length))
    : ends;
  return `${median} (${range.join(' – ')})${isNoisy(value) ? ' †' : ''}`;
}

/** ` s` of `4.12 s`; none of what is written as several numbers, as `3 min 05 s`. */
function unitOf(text: string): string {
  return /^[\d.,]+( [^\d ]+)$/.exec(text)?.[1] ?? '';
}
