import type { ReadAheadReport } from '../read-ahead/cost.ts';
import { count, counted } from '../units.ts';

/** What reading ahead gained: one text, or none where it was not done. */
export function readAheadTexts(
  { files, width, msWith, msWithout }: ReadAheadReport,
  what: 'file' | 'object',
): string[] {
  if (msWith === undefined) return [];
  const instead = msWithout === undefined ? '' : ` instead of ${msWithout.toFixed(2)}`;
  return [
    `read ahead ${counted(files, what)}, up to ${count(width)} at a time: ${msWith.toFixed(2)} ms each${instead}`,
  ];
}
