import type { FileStatus } from '../native/file-status.ts';

/**
 * A file may be changed again in the very moment that its times name, and nothing shows it: what
 * changed so shortly before it was looked at is not recorded. A time that lies further ahead is no
 * such moment, since a change now would get another one. Milliseconds.
 */
export const LOCAL_RACE_MS = 2_000;
/** Where another machine's clock makes the times. */
export const REMOTE_RACE_MS = 600_000;

/** When a file was looked at: at a moment between these. Milliseconds since 1970. */
export interface Look {
  readonly from: number;
  readonly to: number;
}

export function isRacy(
  { changedSeconds, modifiedSeconds }: FileStatus,
  { from, to }: Look,
  raceMs: number,
): boolean {
  const isNear = (seconds: number) =>
    (seconds + 1) * 1_000 > from - raceMs && seconds * 1_000 < to + raceMs;
  return isNear(changedSeconds) || isNear(modifiedSeconds);
}
