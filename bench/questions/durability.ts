import type { Durability } from '../../src/index.ts';
import { COMPARISON_METHOD, compareTrials } from '../compare.ts';
import { amongSettings } from '../finding.ts';
import { FLOORS_OF, type FloorName } from '../floors/times.ts';
import { firstIngest } from '../ingot.ts';
import type { Question } from '../question.ts';
import { roomFor } from '../room.ts';

export interface Mode {
  readonly durability: Durability;
  readonly barrier?: 'syncfs' | 'fsync';
}

export const MODES: readonly Mode[] = [
  { durability: 'none' },
  { durability: 'group', barrier: 'syncfs' },
  { durability: 'group', barrier: 'fsync' },
  { durability: 'file' },
];

export const DURABILITY: Question = {
  name: 'durability',
  asks: 'What does each durability mode cost, with each kind of barrier?',
  method: COMPARISON_METHOD,
  room: ({ corpus }) => roomFor(corpus),
  finding: amongSettings,
  run: (context) =>
    compareTrials(
      context,
      MODES.map((mode) => ({
        label: labelOf(mode),
        parameters: { ...mode },
        contender: firstIngest(context, [
          ...['--durability', mode.durability],
          ...(mode.barrier === undefined ? [] : ['--barrier', mode.barrier]),
        ]),
        floors: floorsOf(mode),
      })),
    ),
};

export function labelOf({ durability, barrier }: Mode): string {
  return barrier === undefined ? durability : `${durability}, ${barrier}`;
}

/** What an ingest in this mode cannot do without. */
export function floorsOf({ durability, barrier }: Mode): readonly FloorName[] {
  return barrier === 'fsync' ? FLOORS_OF.file : FLOORS_OF[durability];
}
