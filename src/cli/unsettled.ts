import { counted } from '../units.ts';

/** A note on objects that a cut-off quarantine has left half-way; none where there are none. */
export function unsettledNotes(unsettled: number): string[] {
  if (unsettled === 0) return [];
  const settledBy = 'the next ingest or `ingot verify --quarantine` moves on';
  return [`${counted(unsettled, 'object')} on the way to quarantine, which ${settledBy}`];
}
