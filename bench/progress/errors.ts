/** How far what was shown is from what came out. */
import type { Recording } from './record.ts';

/** A frame beside the truth, which is known at the end of the run. */
export interface Judged {
  /** How much of the run's time has passed, 0 to 1. */
  readonly passed: number;
  /** In percent; undefined while none is shown. */
  readonly shown: number | undefined;
  /** The smaller of the shares of the final entries and bytes, in percent. */
  readonly truth: number;
  /** The time left that is shown, divided by what was left; undefined while none is shown. */
  readonly timeRatio: number | undefined;
}

/** What a run had done in the end. */
export interface Final {
  readonly count: number;
  readonly bytes: number;
}

const FRAME =
  /^\s*(?:(\d+) %\s+(?:\[[= ]*\] )?)?([\d,]+)\/[\d,]+\+? \w+(?: {2}([\d.,]+)(?: (\w+))?(?:\/[\d.,]+ (\w+))?)?.*?(?:ETA ([\d:]+))?\s*$/;

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

export function judge({ frames, wallMs }: Recording, final: Final): Judged[] {
  return frames.flatMap(({ ms, text }) => {
    const match = FRAME.exec(text);
    if (match === null) return [];
    const [, share, done, read, ownUnit, totalUnit, time] = match;
    const bytes =
      read === undefined ? 0 : numberOf(read) * 1000 ** UNITS.indexOf(ownUnit ?? totalUnit!);
    const truth = Math.min(numberOf(done!) / final.count, bytes / final.bytes);
    const seconds = time?.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
    const left = (wallMs - ms) / 1000;
    return {
      passed: ms / wallMs,
      shown: share === undefined ? undefined : Number(share),
      truth: Math.min(1, truth) * 100,
      // Shown in whole seconds, rounded up: as near as that may be.
      timeRatio:
        seconds === undefined
          ? undefined
          : seconds / Math.max(seconds === Math.ceil(left) ? seconds : left, 1e-3),
    };
  });
}

/** True for a time left that is right within a factor of 1.5. */
export function isTimeRight({ timeRatio }: Judged): boolean {
  return timeRatio !== undefined && timeRatio <= 1.5 && timeRatio >= 1 / 1.5;
}

function numberOf(text: string): number {
  return Number(text.replaceAll(',', ''));
}
