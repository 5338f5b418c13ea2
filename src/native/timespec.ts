/** A time as the kernel has it (struct timespec): nanoseconds are never below 0. */
export interface Timespec {
  /** Since 1970, below 0 before. */
  readonly seconds: bigint;
  readonly nanoseconds: bigint;
}

const BILLION = 1_000_000_000n;

/** Of nanoseconds since 1970. */
export function timespecOf(time: bigint): Timespec {
  const nanoseconds = ((time % BILLION) + BILLION) % BILLION;
  return { seconds: (time - nanoseconds) / BILLION, nanoseconds };
}

/** Nanoseconds since 1970. */
export function timeOf({ seconds, nanoseconds }: Timespec): bigint {
  return seconds * BILLION + nanoseconds;
}

/** Nanoseconds since 1970 as seconds: `1.5`, `-0.25`, `7`. */
export function secondsText(time: bigint): string {
  const sign = time < 0n ? '-' : '';
  const digits = `${time < 0n ? -time : time}`.padStart(10, '0');
  const fraction = digits.slice(-9).replace(/0+$/, '');
  return `${sign}${digits.slice(0, -9)}${fraction === '' ? '' : '.'}${fraction}`;
}
