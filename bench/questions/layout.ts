import { LAYOUTS } from '../../src/index.ts';
import { COMPARISON_METHOD, compareTrials } from '../compare.ts';
import { amongSettings } from '../finding.ts';
import { FLOORS_OF } from '../floors/times.ts';
import { firstIngest } from '../ingot.ts';
import type { Question } from '../question.ts';
import { roomFor } from '../room.ts';

export const LAYOUT: Question = {
  name: 'layout',
  asks: 'What does a first ingest cost in each layout of the store?',
  method: COMPARISON_METHOD,
  room: ({ corpus }) => roomFor(corpus),
  finding: amongSettings,
  run: (context) =>
    compareTrials(
      context,
      LAYOUTS.map((layout) => ({
        label: layout,
        parameters: { layout },
        contender: firstIngest(context, ['--layout', layout]),
        floors: FLOORS_OF.group,
      })),
    ),
};
