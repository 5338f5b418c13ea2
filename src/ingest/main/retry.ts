/** What failed in the last run of a journal, as a list of sources. */
import fs from 'node:fs';
import { IngotError, printable, UsageError } from '../../errors.ts';
import { nodeFileOps } from '../../files/file-ops.ts';
import { linesOf } from '../../files/lines.ts';
import { isWithoutLocks, tryLock } from '../../files/locks.ts';
import { requireGiven } from '../../files/standard-streams.ts';
import { realPathOf, toFsPath } from '../../names.ts';
import type { Libc } from '../../native/libc.ts';
import type { Listed, PathList } from '../../sources/walk/files-from.ts';
import { inputError, readInput } from '../../sources/walk/input.ts';
import type { Outcome } from '../outcome.ts';
import { type JournalLine, RUN_BEGINS, readLine } from './journal-line.ts';

export interface Retry {
  readonly list: PathList;
  /** False when nothing has failed, as far as the journal goes. */
  readonly hasFailures: boolean;
  /** Remarks for people. */
  readonly notices: readonly string[];
}

type EndLine = Extract<JournalLine, { is: 'end' }>;

/** The last run of a journal. */
interface LastRun {
  /** Where its lines begin and end in the file. */
  readonly from: number;
  readonly to: number;
  /** The working directory of the run; undefined where its own line is torn. */
  readonly cwd: string | undefined;
  /** Undefined where it was killed. */
  readonly end: EndLine | undefined;
  readonly hasFailures: boolean;
  /** A path of a failure is relative. */
  readonly hasRelative: boolean;
}

const WHAT = 'cannot read the journal';
const HINT = "name a file that 'ingot ingest --journal' has written";

/** Longer than the path of anything that a walk meets. */
const MAX_LINE_BYTES = 8 << 20;

/**
 * Looks at a journal. Throws a UsageError for what is none, and where its paths would lead elsewhere;
 * an IngotError while a run writes it; the signal's reason.
 */
export async function openRetry(
  journal: string,
  libc: Libc | undefined,
  signal: AbortSignal | undefined,
): Promise<Retry> {
  try {
    const size = sizeOf(journal);
    requireDone(journal, libc);
    const run = await lastRunIn(journal, size, signal);
    requireSameDirectory(journal, run);
    return {
      list: { file: journal, nul: false, read: (until) => failuresOf(journal, run, until) },
      hasFailures: run.hasFailures,
      notices: noticesOf(printable(journal), run),
    };
  } catch (error) {
    throw inputError(error, { what: WHAT, path: journal, hint: HINT }, signal);
  }
}

function sizeOf(journal: string): number {
  requireGiven(journal);
  const stats = fs.statSync(toFsPath(journal));
  if (!stats.isFile()) throw refused(journal, 'it is no regular file');
  if (stats.size === 0) throw refused(journal, 'it is empty: no run has written to it');
  return stats.size;
}

/** A run that goes on would look like one that was killed. */
function requireDone(journal: string, libc: Libc | undefined): void {
  const { O_RDONLY, O_NONBLOCK } = fs.constants;
  const fd = nodeFileOps.openSync(toFsPath(journal), O_RDONLY | O_NONBLOCK);
  try {
    if (libc === undefined || tryLock(libc, fd, journal, 'shared')) return;
    throw new IngotError({
      ...{ what: WHAT, code: 'INGOT_JOURNAL_IN_USE', path: journal },
      why: 'a run is still writing to it',
      hint: 'wait for that',
    });
  } catch (error) {
    if (!isWithoutLocks(error)) throw error;
  } finally {
    nodeFileOps.closeSync(fd);
  }
}

/** Looks at all lines of the last run. */
async function lastRunIn(journal: string, size: number, signal?: AbortSignal): Promise<LastRun> {
  const lines = { from: await beginOfLast(journal, size, signal), to: size };
  let cwd: string | undefined;
  let end: EndLine | undefined;
  let isTorn = false;
  for await (const line of readLines(journal, lines, signal)) {
    if (isTorn) throw refused(journal, 'a line of its last run is damaged');
    isTorn = line === undefined;
    if (line?.is === 'run') cwd = line.cwd;
    if (line?.is === 'end') end = line;
  }
  // After an end a torn line is that of a run which was killed at once.
  const run = { ...lines, cwd, end: isTorn ? undefined : end };
  let [hasFailures, hasRelative] = [false, false];
  for await (const listed of failuresOf(journal, run, signal)) {
    hasFailures ||= listed.length > 0;
    hasRelative ||= listed.some(({ path }) => !path.startsWith('/'));
  }
  return { ...run, hasFailures, hasRelative };
}

/** Where the line lies with which the last run begins. */
async function beginOfLast(journal: string, size: number, signal?: AbortSignal): Promise<number> {
  let last: number | undefined;
  for await (const lines of linesIn(journal, { from: 0, to: size }, signal))
    for (const { bytes, from } of lines) {
      if (bytes.toString('latin1', 0, RUN_BEGINS.length) === RUN_BEGINS) last = from;
      else if (last === undefined) throw refused(journal, 'it does not begin as a journal does');
    }
  return last!;
}

/** What the last run could not store: what was lost at first, since other entries may lie in it. */
async function* failuresOf(
  journal: string,
  run: Pick<LastRun, 'from' | 'to' | 'end'>,
  signal?: AbortSignal,
): AsyncGenerator<Listed[]> {
  const { lostSources = [], takenBack = false } = run.end ?? {};
  yield lostSources.map((path) => ({ path }));
  const taken = takenBack ? [...FAILED, ...STORED] : FAILED;
  let listed: Listed[] = [];
  for await (const line of readLines(journal, run, signal)) {
    if (line?.is !== 'entry' || !taken.includes(line.outcome)) continue;
    listed.push({ path: line.path, hasVanished: line.outcome === 'vanished' });
    if (listed.length < AT_ONCE) continue;
    yield listed;
    listed = [];
  }
  yield listed;
}

const FAILED: readonly Outcome[] = ['unreadable', 'changed', 'vanished', 'unfinished'];
const STORED: readonly Outcome[] = ['new', 'duplicate', 'unchanged', 'link'];

/** Entries handed on at a time. */
const AT_ONCE = 1024;

type Place = Pick<LastRun, 'from' | 'to'>;

/** Undefined for a line that is torn. */
async function* readLines(
  journal: string,
  place: Place,
  signal?: AbortSignal,
): AsyncGenerator<JournalLine | undefined> {
  const refuse = (why: string): never => {
    throw refused(journal, why);
  };
  for await (const lines of linesIn(journal, place, signal))
    for (const { bytes } of lines) yield readLine(bytes, refuse);
}

function linesIn(journal: string, { from, to }: Place, signal?: AbortSignal): LinesAtOnce {
  const tooLong = (): never => {
    throw refused(journal, 'a line of it is too long');
  };
  const input = fs.createReadStream(toFsPath(journal), { start: from, end: to - 1 });
  return linesOf(readInput(input, signal), { from, most: MAX_LINE_BYTES, tooLong });
}

type LinesAtOnce = ReturnType<typeof linesOf>;

function requireSameDirectory(journal: string, { cwd, hasRelative }: LastRun): void {
  if (!hasRelative || cwd === undefined || cwd === realPathOf('.')) return;
  throw new UsageError({
    ...{ what: 'cannot retry here', code: 'INGOT_OTHER_DIRECTORY', path: journal },
    why: `its paths begin in ${printable(cwd)}`,
    hint: 'change to that directory',
  });
}

function noticesOf(journal: string, { end, hasFailures }: LastRun): string[] {
  const unknown = 'entries without a line in it are unknown: ingest its sources again';
  const notices: string[] = [];
  if (end === undefined) notices.push(`the last run in ${journal} was killed, and ${unknown}`);
  else if (!end.walked)
    notices.push(`the last run in ${journal} ended before it had met all entries, and ${unknown}`);
  if (!hasFailures) notices.push(`nothing to retry: no entry failed in the last run in ${journal}`);
  return notices;
}

function refused(path: string, why: string): UsageError {
  return new UsageError({ what: WHAT, code: 'INGOT_BAD_JOURNAL', path, why, hint: HINT });
}
