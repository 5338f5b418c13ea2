import {
  abortSignal,
  type Checks,
  callback,
  countOf,
  filePath,
  filePaths,
  flag,
  flagOrCallback,
  lineOfText,
  oneOf,
  requireOptions,
  strings,
} from '../checked.ts';
import { UsageError } from '../errors.ts';
import { dashOf } from '../files/standard-streams.ts';
import { readAheadChoice } from '../read-ahead/choice.ts';
import { parseLabel } from '../snapshot/label.ts';
import { BARRIERS, DURABILITIES, LAYOUTS, SHARINGS } from '../store/choices.ts';
import { engineAt } from '../store/engines.ts';
import type { Engine } from '../store/seam/engine.ts';
import { Pool } from '../threads/pool.ts';
import { checkedThreads, threadCount } from '../threads/thread-count.ts';
import { type IngestOptions, type IngestReport, REPORTS } from './api.ts';
import type { Run } from './main/run.ts';
import type { IngestPool } from './messages.ts';

/**
 * Takes sources into a store, creating it if it is missing. When it resolves, every object, every
 * name, the manifest and the journal are durable (unless durability is `none`); entries that could
 * not be stored are counted in the report and were passed to `onEntry`.
 *
 * Throws an IngotError or UsageError when the run cannot begin, an IngestError (with the report of
 * what is durable) when it fails later or is aborted; the signal's reason when it is aborted while
 * it waits for others, or reads a file of patterns or a manifest that is to be replaced.
 */
export async function ingest(
  store: string,
  sources: readonly string[],
  options: IngestOptions = {},
): Promise<IngestReport> {
  return ingestInto(engineAt(store), sources, options);
}

/** `ingest` with the engine to use. */
export async function ingestInto(
  engine: Engine,
  sources: readonly string[],
  options: IngestOptions = {},
): Promise<IngestReport> {
  const begun = performance.now();
  checkRequest(sources, options);
  const threads = checkedThreads(options.threads);
  // First of all: while the threads load their modules, this one loads its own and opens the store.
  const pool: IngestPool = new Pool('ingest-worker', threads);
  let run: Run | undefined;
  try {
    const { openRun } = await import('./main/open-run.ts');
    const exclude = await excludePatterns(options);
    // What is relied on when sources go is read back first.
    const verifyHits = options.verifyHits || isRemoving(options);
    const all = { ...options, exclude, verifyHits };
    const request = { engine, sources, options: all, threads, begun };
    run = await openRun(request, pool);
  } finally {
    if (run === undefined) await pool.close();
  }
  return await run.run();
}

const CHECKS: Checks<IngestOptions> = {
  durability: oneOf(DURABILITIES),
  barrier: oneOf(BARRIERS),
  layout: oneOf(LAYOUTS),
  shared: oneOf(SHARINGS),
  threads: threadCount,
  batchFiles: countOf('files in a batch'),
  readAhead: readAheadChoice,
  verifyHits: flag,
  dryRun: flag,
  exclude: strings,
  excludeFrom: filePaths,
  filesFrom: filePath,
  nul: flag,
  oneFileSystem: flag,
  manifest: filePath,
  journal: filePath,
  retry: filePath,
  signal: abortSignal,
  snapshot: flag,
  label: (name, value) => {
    lineOfText(name, value);
    parseLabel(value as string);
  },
  host: lineOfText,
  as: filePaths,
  xattrs: flag,
  removeSource: flagOrCallback,
  onStayed: callback,
  onRemoving: callback,
  rescan: flag,
  ignoreCtime: flag,
  ignoreInode: flag,
  onProgress: callback,
  countAhead: flag,
  onEntry: callback,
  report: oneOf(REPORTS),
  onNotice: callback,
};

function checkRequest(sources: readonly string[], options: IngestOptions): void {
  filePaths('sources', sources);
  requireOptions(options, CHECKS);
  checkRemoval(options);
  const { manifest, journal, retry, filesFrom, dryRun, label, snapshot = true } = options;
  if (label !== undefined && (!snapshot || options.durability === 'none'))
    throw wrongUsage(
      'no label without a snapshot',
      'a label is what a snapshot is called, and none is to be made',
    );
  if (manifest !== undefined && dryRun)
    throw wrongUsage(
      'no manifest of a dry run',
      'a manifest lists what is stored, and a dry run stores nothing',
    );
  if (journal !== undefined && dryRun)
    throw wrongUsage(
      'no journal of a dry run',
      'a journal says what was stored, and a dry run stores nothing',
    );
  if (journal !== undefined && dashOf(journal) === '-')
    throw wrongUsage('no journal on standard output', 'lines are added to a file, and flushed');
  if (retry !== undefined && (sources.length > 0 || filesFrom !== undefined))
    throw wrongUsage(
      'no sources beside a retry',
      'what failed in the last run of the journal is all that is taken',
    );
}

function isRemoving({ removeSource = false }: IngestOptions): boolean {
  return removeSource !== false;
}

/** What goes has to be in a snapshot, and its path has to be known. */
function checkRemoval(options: IngestOptions): void {
  if (!isRemoving(options)) return;
  const { dryRun, snapshot = true, durability, filesFrom, retry } = options;
  const what = 'no removal of sources here';
  if (dryRun) throw wrongUsage(what, 'a dry run stores nothing');
  if (!snapshot) throw wrongUsage(what, 'only what a snapshot has is removed');
  if (durability === 'none') throw wrongUsage(what, 'with durability none nothing is durable');
  if (filesFrom !== undefined || retry !== undefined)
    throw wrongUsage(what, 'what a list names is not removed: name the sources themselves');
}

function wrongUsage(what: string, why: string): UsageError {
  return new UsageError({ what, code: 'INGOT_USAGE', why });
}

/** Patterns of files come before those that were given directly, so that the latter decide. */
async function excludePatterns(options: IngestOptions): Promise<string[]> {
  const { exclude = [], excludeFrom = [], signal } = options;
  if (excludeFrom.length === 0) return [...exclude];
  const { readExcludeFiles } = await import('../sources/walk/exclude/exclude-files.ts');
  return [...(await readExcludeFiles(excludeFrom, signal)), ...exclude];
}
