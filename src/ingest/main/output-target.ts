/** What an output may replace or be added to: nothing that the run reads, whatever it is called. */
import fs, { type BigIntStats } from 'node:fs';
import { dirname } from 'node:path';
import { failed, hasErrno, UsageError } from '../../errors.ts';
import { holdersOf, isSameIdentity } from '../../files/file-identity.ts';
import { dashOf, descriptorOf } from '../../files/standard-streams.ts';
import { realPathOf, toFsPath } from '../../names.ts';
import { readInput } from '../../sources/walk/input.ts';
import type { WalkPlan } from '../../sources/walk/walk-sources.ts';
import { RUN_BEGINS } from './journal-line.ts';

export interface RunInputs extends Pick<WalkPlan, 'sources' | 'list'> {
  /** Files of exclude patterns. */
  readonly excludeFrom: readonly string[];
  /** The journal that is written. */
  readonly journal?: string | undefined;
}

/** What a run writes for its user. */
interface OutputKind {
  readonly what: string;
  /** True for a file of this kind, and for an empty one. */
  readonly is: (path: string, signal: AbortSignal | undefined) => Promise<boolean>;
  readonly isNone: string;
  /** No other file is replaced or added to, wherever it lies. */
  readonly everywhere: boolean;
}

/**
 * Throws a UsageError when the manifest would take the place of a named source, of the list of
 * sources or of a file of patterns, and when it may take that of an entry that is still to be met:
 * one in a source that is walked, or of the list. There it replaces only what is empty or a manifest.
 */
export function checkManifestTarget(
  target: string,
  inputs: RunInputs,
  signal?: AbortSignal,
): Promise<void> {
  return checkTarget(target, MANIFEST, inputs, signal);
}

/**
 * The same for a journal, which is added to what is there: only to what is empty or a journal. The
 * journal whose failures are taken is no input in this sense: it is read first.
 */
export function checkJournalTarget(
  target: string,
  inputs: RunInputs,
  signal?: AbortSignal,
): Promise<void> {
  return checkTarget(target, JOURNAL, inputs, signal);
}

async function checkTarget(
  target: string,
  kind: OutputKind,
  inputs: RunInputs,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    await check(target, kind, inputs, signal);
  } catch (error) {
    throw signal?.aborted ? error : failed(kind.what, error, { path: target });
  }
}

async function check(
  target: string,
  kind: OutputKind,
  inputs: RunInputs,
  signal: AbortSignal | undefined,
): Promise<void> {
  const there = dashOf(target) === '-' ? statusOfOpen(1) : statusOf(target);
  // A terminal and /dev/null may well be input and output at once.
  if (there === undefined || !(there.isFile() || there.isBlockDevice())) return;
  for (const [input, is] of inputsIn(inputs))
    if (input !== undefined && isSameIdentity(input, there)) throw refused(target, kind, is);
  const isPath = dashOf(target) !== '-' && descriptorOf(target) === undefined;
  const matters = kind.everywhere || (isPath && mayBeMet(target, there, inputs));
  if (matters && !(await kind.is(target, signal))) throw refused(target, kind, kind.isNone);
}

/** Each with what it is. */
function* inputsIn({
  sources,
  list,
  excludeFrom,
  journal,
}: RunInputs): Generator<[input: BigIntStats | undefined, is: string]> {
  for (const { path, isDirectory, isExcluded } of sources)
    if (!isDirectory && !isExcluded) yield [statusOf(path), 'it is a source of this run'];
  if (list !== undefined)
    yield [list.file === '-' ? statusOfOpen(0) : statusOf(list.file), 'it is the list of sources'];
  for (const path of excludeFrom) yield [statusOf(path), 'it is a file of exclude patterns'];
  if (journal !== undefined) yield [statusOf(journal), 'it is the journal of this run'];
}

/** Undefined where nothing is, which is for others to say. */
function statusOf(path: string): BigIntStats | undefined {
  const descriptor = descriptorOf(path);
  if (descriptor !== undefined) return statusOfOpen(descriptor);
  return fs.statSync(toFsPath(path), { bigint: true, throwIfNoEntry: false });
}

function statusOfOpen(descriptor: number): BigIntStats | undefined {
  try {
    return fs.fstatSync(descriptor, { bigint: true });
  } catch (error) {
    if (!hasErrno(error, 'EBADF')) throw error;
    return undefined;
  }
}

/** A list is read while the run goes on: it may name anything. */
function mayBeMet(target: string, there: BigIntStats, { sources, list }: RunInputs): boolean {
  if (list !== undefined) return true;
  const holds = holdersOf(dirname(realPathOf(target)));
  return sources.some(({ path, isDirectory, isExcluded }) => {
    if (isDirectory) return holds(path);
    const stats = isExcluded ? statusOf(path) : undefined;
    return stats !== undefined && isSameIdentity(stats, there);
  });
}

const MANIFEST: OutputKind = {
  what: 'cannot write the manifest',
  is: isManifest,
  isNone: 'what is there is neither empty nor a manifest, and may be a file of a source',
  everywhere: false,
};

const JOURNAL: OutputKind = {
  what: 'cannot write the journal',
  is: isJournal,
  isNone: 'what is there is neither empty nor a journal',
  everywhere: true,
};

/** As lineOf in manifest.ts writes it: perhaps a backslash, the digest, two spaces, a path. */
const LINE = /^\\?[0-9a-f]{64} {2}./s;
/** Of a line, as many bytes as LINE looks at. */
const HEAD_BYTES = 68;
const NEWLINE = 0x0a;

/** True for an empty file, too. Holds the beginning of one line at a time. */
async function isManifest(path: string, signal: AbortSignal | undefined): Promise<boolean> {
  let head = '';
  for await (const chunk of readInput(fs.createReadStream(toFsPath(path)), signal))
    for (let at = 0; at < chunk.length; ) {
      const newline = chunk.indexOf(NEWLINE, at);
      const end = newline < 0 ? chunk.length : newline;
      head += chunk.toString('latin1', at, Math.min(end, at + HEAD_BYTES - head.length));
      const isWhole = newline >= 0 || head.length === HEAD_BYTES;
      if (isWhole && !LINE.test(head)) return false;
      if (newline >= 0) head = '';
      at = end + 1;
    }
  return head === '' || LINE.test(head);
}

/** By how it begins; true for an empty file, too. */
async function isJournal(path: string, signal: AbortSignal | undefined): Promise<boolean> {
  const end = RUN_BEGINS.length - 1;
  let head = '';
  for await (const chunk of readInput(fs.createReadStream(toFsPath(path), { end }), signal))
    head += chunk.toString('latin1');
  return head === '' || head === RUN_BEGINS;
}

function refused(path: string, { what }: OutputKind, why: string): UsageError {
  const hint = 'name another file';
  return new UsageError({ what, code: 'INGOT_OUTPUT_IS_INPUT', path, why, hint });
}
