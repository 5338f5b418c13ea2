/** Are the settings that a row names those that its runs are given? */
import { beforeEach, expect, it, vi } from 'vitest';
import { compareTrials, type Trial } from '../../bench/compare.ts';
import type { Question } from '../../bench/question.ts';
import { BATCH } from '../../bench/questions/batch.ts';
import { DURABILITY } from '../../bench/questions/durability.ts';
import { LAYOUT } from '../../bench/questions/layout.ts';
import { THREADS } from '../../bench/questions/threads.ts';

vi.mock('../../bench/compare.ts', { spy: true });
beforeEach(() => vi.mocked(compareTrials).mockReset());

/** What would be compared. */
function trialsOf(question: Question): readonly Trial[] {
  question.run({ arena: { path: '/a' }, tree: '/t', threads: 3 } as never);
  return vi.mocked(compareTrials).mock.lastCall![1];
}

it.each([THREADS, DURABILITY, LAYOUT])(
  '$name: each run has the options that its row names',
  (question) => {
    const trials = trialsOf(question);
    expect(trials.length).toBeGreaterThan(1);
    for (const { parameters, contender } of trials) {
      const given = contender.command.join(' ');
      for (const [name, value] of Object.entries(parameters))
        expect(`${given} `).toContain(` --${name} ${value} `);
    }
  },
);

it('batch: each run has the number of files that its row names', () => {
  for (const { parameters, contender } of trialsOf(BATCH))
    expect(JSON.parse(contender.command.at(-1)!)).toEqual({ threads: 3, ...parameters });
});
