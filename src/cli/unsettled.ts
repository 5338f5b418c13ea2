import { counted } from '../units.ts';

/** What is told of objects that a cut-off quarantine has left half-way; nothing where none are. */
export function unsettledNotes(unsettled: number): string[] {
  if (unsettled === 0) return [];
  const settledBy = 'the next ingest or `ingot verify --quarantine` moves on';
  return [`${counted(unsettled, 'object')} on the way to quarantine, which ${settledBy}`];
}
