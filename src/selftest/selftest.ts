/** The guarantees of a store, tried on the file system of a directory. */

import fs from 'node:fs';
import { join } from 'node:path';
import { abortSignal, type Checks, callback, eachOneOf, requireOptions } from '../checked.ts';
import { barrierAt } from '../doctor/barrier-at.ts';
import { failed, IngotError } from '../errors.ts';
import { denialOf } from '../files/denied.ts';
import { diskFullHint } from '../files/disk-full.ts';
import { fileSystemStats } from '../files/disk-space.ts';
import { loadLibc } from '../native/libc.ts';
import { engineAt } from '../store/engines.ts';
import type { Engine } from '../store/seam/engine.ts';
import { notOffered } from '../store/seam/refusals.ts';
import { Ledger } from './ledger.ts';
import { Program } from './program.ts';
import { type SelftestReport, TRIAL_NAMES, type TrialName } from './report.ts';
import { requireRoom } from './room.ts';
import { straceObstacle } from './strace.ts';
import type { Ground, Trial } from './trial.ts';
import { tryChanging } from './trials/changing.ts';
import { tryFailedFlush } from './trials/failed-flush.ts';
import { tryFailedWrite } from './trials/failed-write.ts';
import { tryFlushOrder } from './trials/flush-order.ts';
import { tryFreshTree } from './trials/fresh-tree.ts';
import { tryHits } from './trials/hits.ts';
import { tryKills } from './trials/kills.ts';
import { tryOddNames } from './trials/odd-names.ts';
import { tryWriters } from './trials/writers.ts';

const TRIALS: Readonly<Record<TrialName, Trial>> = {
  'fresh-tree': tryFreshTree,
  'odd-names': tryOddNames,
  kills: tryKills,
  writers: tryWriters,
  hits: tryHits,
  changing: tryChanging,
  'failed-write': tryFailedWrite,
  'flush-order': tryFlushOrder,
  'failed-flush': tryFailedFlush,
};

export interface SelftestOptions {
  /** Only these. Default: all. */
  readonly trials?: readonly TrialName[] | undefined;
  /** Called with the trial that comes next. */
  readonly onTrial?: ((trial: TrialName) => void) | undefined;
  /** Ends the trials; everything is removed, and the call throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

const CHECKS: Checks<SelftestOptions> = {
  trials: eachOneOf(TRIAL_NAMES),
  onTrial: callback,
  signal: abortSignal,
};

/**
 * Tries ingot's guarantees on the file system of a directory, which has to be there; needs no root,
 * and takes less than a minute. All that it writes is in a folder of its own, and gone when it
 * returns. A broken guarantee is in the report; it throws nothing.
 *
 * Throws an IngotError when the trials cannot be carried out, such as on a full disk.
 */
export async function selftest(
  path: string,
  options: SelftestOptions = {},
): Promise<SelftestReport> {
  return selftestAt(engineAt(path, 'this directory'), options);
}

/** `selftest` with the engine of what would be a store there. */
export async function selftestAt(
  engine: Engine,
  options: SelftestOptions = {},
): Promise<SelftestReport> {
  const begun = performance.now();
  const directory = engine.folder;
  if (directory === undefined || engine.openProbePlace === undefined)
    throw notOffered('try this store', engine.address);
  requireOptions(options, CHECKS);
  const { signal = new AbortController().signal } = options;
  const libc = await loadLibc();
  signal.throwIfAborted();
  requireDirectory(directory);
  requireRoom(directory);
  const place = await engine.openProbePlace();
  const program = new Program(signal);
  const ledger = new Ledger();
  const barrier = barrierAt(place);
  const { type } = fileSystemStats(place.folder);
  const ground = { program, ledger, libc, barrier: barrier.value, fileSystem: type };
  let done = false;
  try {
    await runTrials({ ...ground, straceObstacle: straceObstacle() }, place.folder, options);
    done = true;
  } catch (error) {
    const hint = diskFullHint(error, directory);
    const denial = denialOf(error, directory);
    throw failed('the selftest cannot go on', error, { path: directory, hint, ...denial });
  } finally {
    await program.stop();
    place.close(done);
  }
  return {
    directory,
    fileSystem: { type },
    barrier,
    guarantees: ledger.verdicts(),
    kills: ledger.kills,
    outside: outsideOf(type),
    swept: place.swept,
    wallMs: performance.now() - begun,
  };
}

async function runTrials(
  ground: Omit<Ground, 'folder'>,
  place: string,
  { trials = TRIAL_NAMES, onTrial, signal }: SelftestOptions,
): Promise<void> {
  for (const [at, name] of trials.entries()) {
    signal?.throwIfAborted();
    onTrial?.(name);
    const folder = join(place, `trial-${at}`);
    fs.mkdirSync(folder);
    await TRIALS[name]({ ...ground, folder });
    // A trial that found something may have left its processes running.
    await ground.program.stop();
    await fs.promises.rm(folder, { recursive: true });
  }
}

function requireDirectory(directory: string): void {
  try {
    if (fs.statSync(directory).isDirectory()) return;
  } catch (error) {
    throw failed('nothing to try here', error, {
      path: directory,
      hint: 'name a directory on the disk that is to be tried',
    });
  }
  throw new IngotError({
    what: 'nothing to try here',
    code: 'ENOTDIR',
    path: directory,
    hint: 'name a directory on the disk that is to be tried',
  });
}

function outsideOf(fileSystem: string): string[] {
  const device =
    'the honesty of the device: one that reports a flush as done and has not flushed is found by a power cut only';
  const flush =
    'a failed flush of this very disk: none can be had without root, so strace injects one into the program';
  const memory = 'tmpfs is memory: nothing on it survives a power cut';
  return fileSystem === 'tmpfs' ? [memory, flush] : [device, flush];
}
