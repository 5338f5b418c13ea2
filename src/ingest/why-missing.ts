import type { Refusal } from '../sources/source-file.ts';

/** What a snapshot says of an entry that it lacks: see FORMAT.md. */
export function whyMissing(refusal: Refusal): string {
  if (refusal.outcome === 'unsupported') return refusal.kind;
  return refusal.outcome === 'unreadable' ? wordOf(refusal.failure.code) : refusal.outcome;
}

/** An errno's name. What Node itself refuses has none. */
export function wordOf(code: string): string {
  return /^E[A-Z0-9]{1,30}$/.test(code) ? code : 'EACCES';
}
