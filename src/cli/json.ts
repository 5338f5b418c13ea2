/** What --json and --json=events print. */
import type { EntryReport } from '../ingest/outcome.ts';
import type { StayedEntry } from '../ingest/removal.ts';
import { unescapeText } from './arguments.ts';

/** What is found in snapshots. */
export type ListEvent = 'snapshot' | 'damagedSnapshot' | 'entry' | 'version' | 'difference';

/** One line of --json=events. `report` is the same as the document of --json. */
export type Event =
  | ({ readonly event: 'entry' } & EntryReport)
  | ({ readonly event: 'stayed' } & StayedEntry)
  | { readonly event: 'notice' | 'warning'; readonly text: string }
  | ({ readonly event: ListEvent } & object)
  | {
      readonly event:
        | 'progress'
        | 'removing'
        | 'damaged'
        | 'damagedSnapshot'
        | 'lost'
        | 'repaired'
        | 'restored'
        | 'unreadable'
        | 'report'
        | 'error';
      readonly [key: string]: unknown;
    };

/** A value as a document of its own, indented for people who look at it. */
export function toDocument(value: object): string {
  return `${JSON.stringify(value, exactText, 2)}\n`;
}

/** A value on a line of a document. */
export function toElement(value: object): string {
  return JSON.stringify(value, exactText);
}

/** An event as one line. */
export function toLine(event: Event): string {
  return `${JSON.stringify(event, exactText)}\n`;
}

/**
 * Names in JSON are plain text; only bytes that are not UTF-8 stay lone surrogates, written
 * `\udcNN`, which Python's os.fsencode turns back into the bytes (PEP 383).
 */
function exactText(_key: string, value: unknown): unknown {
  return typeof value === 'string' && !value.isWellFormed() ? unescapeText(value) : value;
}
