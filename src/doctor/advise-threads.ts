import { count, counted } from '../units.ts';
import type { Advised, RateFigures, ThreadRates } from './report.ts';

/** The mean of a large tree of programs and sources. */
const TYPICAL_FILE_BYTES = 20_000;
/** A thread that adds less than this share costs memory and heat for nothing. */
const MIN_GAIN = 0.05;

/**
 * How many files of usual size these threads hash and create a second: creating and hashing take
 * turns in each thread. Reading and flushing come on top of it.
 */
function storedPerSecond({ createdFilesPerSecond, hashedBytesPerSecond }: ThreadRates) {
  const seconds =
    1 / createdFilesPerSecond.median + TYPICAL_FILE_BYTES / hashedBytesPerSecond.median;
  return 1 / seconds;
}

/** The fewest threads that come near the best rate. */
export function adviseThreads({ byThreads }: RateFigures): Advised<number> {
  const best = Math.max(...byThreads.map(storedPerSecond));
  const enough = byThreads.find((rates) => storedPerSecond(rates) >= best * (1 - MIN_GAIN))!;
  const most = byThreads.at(-1)!.threads;
  const shown = [...new Set([byThreads[0]!, enough, byThreads.at(-1)!])].map(
    (rates) => `${counted(rates.threads, 'thread')} ${count(storedPerSecond(rates))}`,
  );
  const rates = `files of 20 kB hashed and created a second: ${shown.join(', ')}`;
  const more = enough.threads < most ? '; more threads gain nothing here' : '';
  return { value: enough.threads, why: `${rates}${more}` };
}
