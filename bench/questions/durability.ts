import type { Durability } from '../../src/index.ts';
import { COMPARISON_METHOD, compareTrials } from '../compare.ts';
import { FLOORS_OF } from '../floors/times.ts';
import { firstIngest } from '../ingot.ts';
import type { Question } from '../question.ts';
import { roomFor } from '../room.ts';

interface Mode {
  readonly durability: Durability;
  readonly barrier?: 'syncfs' | 'fsync';
}

const MODES: readonly Mode[] = [
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
  run: (context) =>
    compareTrials(
      context,
      MODES.map(({ durability, barrier }) => ({
        label: barrier === undefined ? durability : `${durability}, ${barrier}`,
        parameters: { durability, ...(barrier && { barrier }) },
        contender: firstIngest(context, [
          ...['--durability', durability],
          ...(barrier === undefined ? [] : ['--barrier', barrier]),
        ]),
        floors: barrier === 'fsync' ? FLOORS_OF.file : FLOORS_OF[durability],
      })),
    ),
};
