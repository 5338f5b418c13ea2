/** What a user calls a row of snapshots. */
import { UsageError } from '../errors.ts';
import { isSnapshotId } from './id.ts';
import { byteLength } from './text.ts';

const MAX_LABEL_BYTES = 255;

/** True for a label: `:`, `~` and `/` mean something in the name of a snapshot, and so does `latest`. */
export function isLabel(text: string): boolean {
  return whyNoLabel(text) === undefined;
}

/** Gives a label that a user gives. Throws a UsageError for what is none. */
export function parseLabel(text: string): string {
  const why = whyNoLabel(text);
  if (why === undefined) return text;
  const hint = "choose another, such as 'nightly'";
  throw new UsageError({ what: 'not a label', code: 'INGOT_BAD_LABEL', path: text, why, hint });
}

function whyNoLabel(text: string): string | undefined {
  if (text === '') return 'it is empty';
  if (text === 'latest') return "'latest' is the newest snapshot of all";
  if (isSnapshotId(text)) return 'it is the id of a snapshot';
  const special = /[:~/]/.exec(text)?.[0];
  if (special !== undefined) return `it has a '${special}'`;
  if (/\p{Cc}/u.test(text)) return 'it has a control character';
  return byteLength(text) > MAX_LABEL_BYTES
    ? `it is longer than ${MAX_LABEL_BYTES} bytes`
    : undefined;
}
