import {
  abortSignal,
  type Checks,
  callback,
  countOf,
  filePath,
  filePaths,
  flag,
  lineOfText,
  oneOf,
  requireOptions,
  strings,
} from '../checked.ts';
import { UsageError } from '../errors.ts';
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
 * name and the manifest are durable (unless durability is `none`); entries that could not be
 * stored are counted in the report and were passed to `onEntry`.
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
    const request = { engine, sources, options: { ...options, exclude }, threads, begun };
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
  verifyHits: flag,
  dryRun: flag,
  exclude: strings,
  excludeFrom: filePaths,
  filesFrom: filePath,
  nul: flag,
  oneFileSystem: flag,
  manifest: filePath,
  signal: abortSignal,
  snapshot: flag,
  label: (name, value) => {
    lineOfText(name, value);
    parseLabel(value as string);
  },
  host: lineOfText,
  as: filePaths,
  xattrs: flag,
  onProgress: callback,
  countAhead: flag,
  onEntry: callback,
  report: oneOf(REPORTS),
  onNotice: callback,
};

function checkRequest(sources: readonly string[], options: IngestOptions): void {
  filePaths('sources', sources);
  requireOptions(options, CHECKS);
  const { manifest, dryRun, label, snapshot = true, durability } = options;
  if (label !== undefined && (!snapshot || durability === 'none'))
    throw new UsageError({
      what: 'no label without a snapshot',
      code: 'INGOT_USAGE',
      why: 'a label is what a snapshot is called, and none is to be made',
    });
  if (manifest !== undefined && dryRun)
    throw new UsageError({
      what: 'no manifest of a dry run',
      code: 'INGOT_USAGE',
      why: 'a manifest lists what is stored, and a dry run stores nothing',
    });
}

/** Patterns of files come before those that were given directly, so that the latter decide. */
async function excludePatterns(options: IngestOptions): Promise<string[]> {
  const { exclude = [], excludeFrom = [], signal } = options;
  if (excludeFrom.length === 0) return [...exclude];
  const { readExcludeFiles } = await import('../sources/walk/exclude/exclude-files.ts');
  return [...(await readExcludeFiles(excludeFrom, signal)), ...exclude];
}
