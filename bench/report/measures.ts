/** What a chart can show of a row: a value, its range, and how both are written. */
import { bytes, count } from '../../src/units.ts';
import type { Row, Spread } from '../results.ts';
import type { Unit } from './drawing.ts';
import { ratio, short, time } from './numbers.ts';

/** Least and most are of the runs; both equal the value when there was one. */
export interface Value {
  readonly value: number;
  readonly least: number;
  readonly most: number;
}

export interface Measure {
  /** Undefined where the row has no such figure. */
  of(row: Row): Value | undefined;
  text(value: number): string;
  readonly units: readonly Unit[];
  /** What the values are held against: a line across the chart. */
  readonly mark?: number;
}

const SECONDS: readonly Unit[] = [
  { name: 'µs', size: 1e-6 },
  { name: 'ms', size: 1e-3 },
  { name: 'seconds', size: 1 },
];

export const TIME: Measure = {
  of: ({ seconds }) => seconds && ofSpread(seconds),
  text: time,
  units: SECONDS,
};

export const FILE_RATE: Measure = {
  of: ({ filesPerSecond, seconds }) => ofRate(filesPerSecond, seconds),
  text: (rate) => (rate >= 1e9 ? short(rate) : count(rate)),
  units: [{ name: 'files a second', size: 1 }],
};

export const RATIO: Measure = {
  of: (row) => row.ratio && ofSpread(row.ratio),
  text: ratio,
  units: [{ name: 'ingot’s time ÷ the other’s', size: 1 }],
  mark: 1,
};

export const DISTANCE: Measure = {
  of: ({ floor }) =>
    floor && { value: floor.distance, least: floor.distance, most: floor.distance },
  text: ratio,
  units: [{ name: 'ingot’s time ÷ the floor’s', size: 1 }],
  mark: 1,
};

export const MEMORY: Measure = {
  of: ({ peakRssBytes: peak }) =>
    peak === undefined ? undefined : { value: peak, least: peak, most: peak },
  text: bytes,
  units: [{ name: 'MB at the peak', size: 1e6 }],
};

export const TIME_PER_FILE: Measure = {
  of: (row) => {
    const spread = secondsPerFile(row);
    return spread && ofSpread(spread);
  },
  text: time,
  units: SECONDS.map(({ name, size }) => ({ name: `${name} a file`, size })),
};

/** Of a row whose parameter `files` says how many there were. */
export function secondsPerFile({ seconds, parameters }: Row): Spread | undefined {
  const files = Number(parameters.files);
  if (seconds === undefined || !(files > 0)) return undefined;
  const { min, median, max, runs } = seconds;
  return { min: min / files, median: median / files, max: max / files, runs };
}

function ofSpread({ min, median, max }: Spread): Value {
  return { value: median, least: min, most: max };
}

/** A rate varies as the times do, the other way round. */
function ofRate(rate: number | undefined, seconds: Spread | undefined): Value | undefined {
  if (rate === undefined) return undefined;
  const { min, median, max } = seconds ?? { min: 1, median: 1, max: 1 };
  return { value: rate, least: (rate * median) / max, most: (rate * median) / min };
}
