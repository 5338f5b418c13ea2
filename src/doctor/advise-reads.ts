import type { ReadAhead } from '../read-ahead/choice.ts';
import { times } from '../units.ts';
import type { Advised, Figures } from './report.ts';

/** From here on a difference is worth words. */
const WORTH = 1.3;
/** More requests at a time that add less than this share gain nothing. */
const MIN_GAIN = 0.1;

/**
 * Always `auto`, which goes by the time of reads in the run itself, wherever the sources lie.
 * Undefined where it was not measured.
 */
export function adviseReadAhead({
  reads: { byDepth },
  fileSystem: { type },
}: Pick<Figures, 'reads' | 'fileSystem'>): Advised<ReadAhead> | undefined {
  const one = byDepth[0]?.filesPerSecond.median;
  if (one === undefined) return undefined;
  const best = Math.max(...byDepth.map(({ filesPerSecond }) => filesPerSecond.median));
  const enough = byDepth.find((each) => each.filesPerSecond.median >= best * (1 - MIN_GAIN))!;
  const gain = enough.filesPerSecond.median / one;
  if (gain < WORTH)
    return {
      value: 'auto',
      why: `many requests at a time gain nothing on this ${type}: an ingest of files here notices, and reads one after the other`,
    };
  const more = enough === byDepth.at(-1) ? '' : '; more gain nothing';
  return {
    value: 'auto',
    why: `an ingest reads ahead by itself: this ${type} reads files that no cache holds up to ${times(gain)} as fast, with ${enough.depth} requests at a time${more}`,
  };
}
