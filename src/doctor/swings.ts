/** Figures that differ so much from one measurement to the next that they say little. */
import { count, counted, latency } from '../units.ts';
import type { Figures } from './report.ts';
import type { Spread } from './spread.ts';

/** How far the fastest round of a rate may lie above the slowest. */
const RATES = 1.5;
/** Single flushes differ more: how far their upper quartile may lie above the lower. */
const FLUSHES = 2;
/** A group that is flushed sooner costs next to nothing, however its flushes differ. */
const SHORT_MS = 1;

/** Each in words: "hash with 2 threads 272 to 1,439 MB/s". */
export function swingsOf({ rates, flushes }: Pick<Figures, 'rates' | 'flushes'>): string[] {
  const { byThreads, oneDirectory } = rates;
  const created = byThreads.map(({ threads, createdFilesPerSecond }) =>
    rate(`create + rename with ${counted(threads, 'thread')}`, createdFilesPerSecond, 'files/s'),
  );
  const hashed = byThreads.map(({ threads, hashedBytesPerSecond }) =>
    rate(`hash with ${counted(threads, 'thread')}`, hashedBytesPerSecond, 'MB/s', 1e6),
  );
  const together = rate('all in one folder', oneDirectory.createdFilesPerSecond, 'files/s');
  const groups = [
    flush('a group of fsyncs', flushes.fsyncGroup?.ms),
    flush('a syncfs', flushes.syncfsGroup?.ms),
  ];
  return [...created, together, ...hashed, ...groups].flat();
}

function rate(name: string, { min, max }: Spread, unit: string, scale = 1): string[] {
  if (max <= RATES * min) return [];
  return [`${name} ${count(min / scale)} to ${count(max / scale)} ${unit}`];
}

function flush(name: string, spread: Spread | undefined): string[] {
  if (spread === undefined) return [];
  const { lowerQuartile: lower, upperQuartile: upper } = spread;
  return upper > Math.max(FLUSHES * lower, SHORT_MS)
    ? [`${name} ${latency(lower)} to ${latency(upper)}`]
    : [];
}
