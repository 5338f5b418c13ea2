/**
 * A journal holds lines of JSON. Each run adds one for itself, one for each of its entries, and one
 * for how it ended: a run without that was killed. Paths are spelt as in a snapshot: a byte that is
 * not UTF-8 is the lone surrogate U+DC00 + byte.
 */
import { isUtf8 } from 'node:buffer';
import { wordsOfErrno } from '../../errno.ts';
import { type Failure, IngotError } from '../../errors.ts';
import { surrogateEscaped, toBytes } from '../../names.ts';
import { Fields } from '../../snapshot/fields.ts';
import type { Refuse } from '../../snapshot/text.ts';
import { type EntryReport, OUTCOMES, type Outcome } from '../outcome.ts';

/** How the line of a run begins, and so each journal. */
export const RUN_BEGINS = '{"journal":';

const FORMAT = 1;

export interface RunFacts {
  /** ISO 8601. */
  readonly time: string;
  /** Of ingot. */
  readonly version: string;
  /** The working directory: relative paths begin there. */
  readonly cwd: string;
  readonly sources: readonly string[];
  readonly filesFrom: string | undefined;
  /** The journal whose failures were taken. */
  readonly retry: string | undefined;
}

export interface EndFacts {
  readonly time: string;
  /** Why the run has failed, if it has. */
  readonly cause: Failure | undefined;
  readonly outcomes: Readonly<Record<Outcome, number>>;
  /** All entries have been met: there is none without a line. */
  readonly walked: boolean;
  /** The last flush did not succeed: nothing is known to be stored, whatever the lines say. */
  readonly takenBack: boolean;
  readonly lostSources: readonly Failure[];
  readonly snapshot: string | undefined;
}

export function runLine({ time, version, cwd, sources, filesFrom, retry }: RunFacts): string {
  return lineOf({
    journal: FORMAT,
    ...{ time, version, cwd: onWire(cwd), sources: sources.map(onWire) },
    filesFrom: filesFrom && onWire(filesFrom),
    retry: retry && onWire(retry),
  });
}

export function entryLine({ path, outcome, digest, size, kind, failure }: EntryReport): string {
  return lineOf({ path: onWire(path), outcome, digest, size, kind, ...whyOf(failure) });
}

export function endLine({ cause, lostSources, ...facts }: EndFacts): string {
  const { time, outcomes, walked, takenBack, snapshot } = facts;
  return lineOf({
    end: endOf(cause),
    ...{ time, outcomes, walked, takenBack, snapshot },
    lostSources: lostSources.map(({ path = '', ...why }) => ({
      path: onWire(path),
      ...whyOf(why),
    })),
    code: cause?.code,
    why: cause && new IngotError(cause).message,
  });
}

function endOf(cause: Failure | undefined): string {
  if (cause === undefined) return 'done';
  return cause.code === 'INGOT_INTERRUPTED' ? 'interrupted' : 'failed';
}

function whyOf(failure: Pick<Failure, 'code' | 'why'> | undefined): {
  code?: string;
  why?: string;
} {
  if (failure === undefined) return {};
  const { code, why } = failure;
  return { code, why: why ?? wordsOfErrno(code) ?? code };
}

/** JSON.stringify escapes newlines and lone surrogates, and leaves out what is undefined. */
function lineOf(value: object): string {
  return `${JSON.stringify(value)}\n`;
}

function onWire(escaped: string): string {
  return escaped.isWellFormed() ? escaped : surrogateEscaped(toBytes(escaped));
}

/** What a retry reads of a line. Paths are in the escaped form of names.ts. */
export type JournalLine =
  | { readonly is: 'run'; readonly cwd: string }
  | { readonly is: 'entry'; readonly path: string; readonly outcome: Outcome }
  | {
      readonly is: 'end';
      readonly end: string;
      readonly walked: boolean;
      readonly takenBack: boolean;
      readonly lostSources: readonly string[];
    };

/** Undefined for what is not JSON: a line that was torn. `refuse` is called for any other line. */
export function readLine(bytes: Buffer, refuse: Refuse): JournalLine | undefined {
  const value = parsed(bytes);
  if (value === undefined) return undefined;
  const fields = new Fields(value, refuse);
  if (fields.has('journal')) return readRun(fields);
  if (fields.has('end')) return readEnd(fields);
  const outcome = fields.at('outcome').matching(isOutcome);
  return { is: 'entry', path: pathAt(fields), outcome };
}

function readRun(fields: Fields): JournalLine {
  const format = fields.at('journal').count();
  if (format !== FORMAT) fields.refuse(`its format ${format} is newer than this ingot`);
  return { is: 'run', cwd: fields.at('cwd').text() };
}

function readEnd(fields: Fields): JournalLine {
  return {
    is: 'end',
    end: fields.at('end').word(),
    walked: fields.at('walked').flag(),
    takenBack: fields.at('takenBack').flag(),
    lostSources: fields.objects('lostSources', pathAt),
  };
}

/** An empty path is a directory to nobody, and the working directory to some calls. */
function pathAt(fields: Fields): string {
  return fields.at('path').text() || fields.refuse('a path in it is empty');
}

function isOutcome(text: string): text is Outcome {
  return (OUTCOMES as readonly string[]).includes(text);
}

function parsed(bytes: Buffer): Readonly<Record<string, unknown>> | undefined {
  if (!isUtf8(bytes)) return undefined;
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
