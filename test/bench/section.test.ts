import { parseHTML } from 'linkedom';
import { expect, it } from 'vitest';
import { sectionsOf } from '../../bench/report/section.ts';
import { sampleOf } from './sample-results.ts';

/** The heading and the sentences below it, of each section. */
function headsOf(...questions: readonly string[]): [string, string[]][] {
  return sectionsOf(sampleOf(...questions).answers).map(({ asks, markup }) => {
    const { document } = parseHTML(markup.text);
    const methods = [...document.querySelectorAll('.method')];
    return [asks, methods.map(({ textContent }) => textContent ?? '')];
  });
}

it('questions that share the reference in C share a section, each with its own sentence', () => {
  const [[asks, methods]] = headsOf('duplicates', 'verify') as [[string, string[]]];
  expect(asks).toBe('How close is ingot to the least work that can be done, in C?');
  expect(methods).toEqual([
    expect.stringMatching(/^duplicates: How long .* contents stored\? 5 rounds/),
    expect.stringMatching(/^verify: How fast are objects re-hashed\? 5 rounds/),
  ]);
});

it('put, which has another reference, has a section of its own', () => {
  expect(headsOf('cold', 'put').map(([asks]) => asks)).toEqual([
    'How close is ingot to the least work that can be done, in C?',
    'What does storing one small file cost?',
  ]);
});
