/** Which charts the answer to a question gets. */
import type { Row } from '../results.ts';
import { type Bar, drawBars } from './bars.ts';
import type { Markup } from './html.ts';
import { drawLines, type Over, toPoints } from './lines.ts';
import {
  DISTANCE,
  FILE_RATE,
  MEMORY,
  type Measure,
  RATIO,
  TIME,
  TIME_PER_FILE,
} from './measures.ts';
import { nameOf } from './parameters.ts';
import { drawShares, type PhaseRow } from './shares.ts';

export interface Figure {
  /** The question that the chart answers, in one sentence. */
  readonly title: string;
  readonly drawing: Markup;
}

/** None when no row has what the chart shows. */
type Chart = (rows: readonly Row[]) => Figure[];

const OVER_THREADS: Over = { key: 'threads', name: 'threads', scale: 'linear' };
const OVER_FILES: Over = { key: 'files', name: 'files', scale: 'log' };

const AMONG_PEERS = { compares: true, sorted: true };

const PACE = bars('How many files does ingot take in a second?', FILE_RATE);
const RATIOS = bars('How long does ingot take, if the other takes 1?', RATIO);

const CHARTS: Readonly<Record<string, readonly Chart[]>> = {
  durability: [PACE],
  threads: [lines('How many files a second do more threads take in?', FILE_RATE, OVER_THREADS)],
  floors: [
    bars('How long does each take on the same tree?', TIME, { compares: true }),
    bars('How many times as long as the floor that binds it does each ingest take?', DISTANCE),
  ],
  peers: [
    bars('How long does a first ingest take?', TIME, { ...AMONG_PEERS, run: 'first' }),
    bars('How long does it take to find all unchanged?', TIME, { ...AMONG_PEERS, run: 'again' }),
  ],
  // What section.ts makes of cold, duplicates, large and verify.
  limit: [RATIOS],
  snapshot: [RATIOS],
  restore: [RATIOS],
  again: [RATIOS],
  memory: [bars('How much memory does ingot take at its peak?', MEMORY)],
  scale: [
    lines('How does the cost of a file change with their number?', TIME_PER_FILE, OVER_FILES),
    lines('How does the memory that is needed change with their number?', MEMORY, OVER_FILES),
  ],
};

/** For any other question: the first of them that its rows can fill. */
const OTHERWISE: readonly Chart[] = [
  PACE,
  RATIOS,
  bars('How long does it take?', TIME),
  bars('How much memory does it take?', MEMORY),
];

export function figuresOf(question: string, rows: readonly Row[]): Figure[] {
  const charts = CHARTS[question];
  if (charts !== undefined) return charts.flatMap((chart) => chart(rows));
  return OTHERWISE.map((chart) => chart(rows)).find(({ length }) => length > 0) ?? [];
}

/** `rows` has at least one. */
export function phaseFigure(rows: readonly PhaseRow[]): Figure {
  const title = 'What do the workers spend their time on?';
  return { title, drawing: drawShares(title, rows) };
}

interface BarOptions {
  /** Rows that are not ingot's own have another colour. */
  readonly compares?: boolean;
  /** Least value first. */
  readonly sorted?: boolean;
  /** Only rows with this parameter `run`; each is named by its peer. */
  readonly run?: string;
}

function bars(title: string, measure: Measure, options: BarOptions = {}): Chart {
  return (rows) => {
    const found = toBars(rows, measure, options);
    return found.length === 0 ? [] : [{ title, drawing: drawBars(title, found, measure) }];
  };
}

function toBars(rows: readonly Row[], measure: Measure, options: BarOptions): Bar[] {
  const found = rows.flatMap((row): Bar[] => {
    const value = measure.of(row);
    if (value === undefined || (options.run ?? row.parameters.run) !== row.parameters.run)
      return [];
    const color = options.compares && !isOurs(row) ? 'other' : 'ours';
    return [{ ...value, label: nameOf(row), color }];
  });
  return options.sorted ? found.sort((a, b) => a.value - b.value) : found;
}

function isOurs({ label, floor }: Row): boolean {
  return floor !== undefined || /^ingot\b/.test(label);
}

function lines(title: string, measure: Measure, over: Over): Chart {
  return (rows) => {
    const points = toPoints(rows, measure, over);
    return points.length === 0 ? [] : [{ title, drawing: drawLines(title, points, measure, over) }];
  };
}
