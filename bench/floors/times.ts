/** Which floor binds an ingest: of those that it cannot do without, the slowest. */
import type { Durability } from '../../src/index.ts';
import type { Spread } from '../results.ts';

export type FloorName = 'walk' | 'stat' | 'read' | 'hash' | 'write' | 'barrier' | 'fsync';

export interface FloorTime {
  readonly label: string;
  /** The median. */
  readonly seconds: number;
  readonly spread: Spread;
  /** The median latency of one fsync, where it was measured. */
  readonly fsyncMs?: number;
}

/** The floors that could be measured. */
export type FloorTimes = Readonly<Partial<Record<FloorName, FloorTime>>>;

const LOOKING: readonly FloorName[] = ['walk', 'stat', 'read', 'hash'];

/** What an ingest of each durability has to do, when the contents are new. */
export const FLOORS_OF: Readonly<Record<Durability, readonly FloorName[]>> = {
  group: [...LOOKING, 'write', 'barrier'],
  file: [...LOOKING, 'write', 'fsync'],
  none: [...LOOKING, 'write'],
};

/** What remains when every content is stored already. */
export const FLOORS_OF_HITS = LOOKING;

/** Undefined when none of them was measured. */
export function bindingFloor(
  times: FloorTimes,
  names: readonly FloorName[],
): FloorTime | undefined {
  return names
    .flatMap((name) => times[name] ?? [])
    .reduce<FloorTime | undefined>(
      (most, time) => (most === undefined || time.seconds > most.seconds ? time : most),
      undefined,
    );
}
