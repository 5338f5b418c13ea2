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
