/** The half of a local store that lives in a worker thread. */

import { join } from 'node:path';
import { failed } from '../../errors.ts';
import { diskFullHint } from '../../files/disk-full.ts';
import { type FileOps, nodeFileOps } from '../../files/file-ops.ts';
import { makeFolder } from '../../files/rights.ts';
import { statusReader } from '../../native/file-status.ts';
import type { Libc } from '../../native/libc.ts';
import type { BarrierKind, Durability } from '../choices.ts';
import type { CallMain, Group, WorkerHalf } from '../seam.ts';
import { LocalGroup, type LocalWorkerState } from './group.ts';
import { denialIn } from './on-disk/denial.ts';
import type { StoreFormat } from './on-disk/format.ts';
import { storeRights } from './on-disk/sharing.ts';
import { LargeIndex } from './publish/large-index.ts';
import type { OpenTemps } from './publish/open-temps.ts';
import { fsyncAll } from './publish/temp-flush.ts';
import { TempFolder } from './publish/temps.ts';

/** What each worker thread gets: plain data. */
export interface LocalWorkerInit extends OpenTemps {
  readonly root: string;
  readonly format: StoreFormat;
  readonly writerFolder: string;
  readonly durability: Durability;
  readonly barrier: BarrierKind;
  readonly wasEmpty: boolean;
  readonly verifyHits: boolean;
  readonly dryRun: boolean;
  /** The file system lets a temp have the mode of objects. */
  readonly setsModes: boolean;
}

/**
 * Makes a worker's half. `worker` is a number of its own among the workers of one writer.
 * `flushTemps` flushes temps that stay open until their barrier; by default each on its own.
 */
export function openLocalWorkerHalf(
  init: LocalWorkerInit,
  worker: number,
  libc: Libc | undefined,
  ops: FileOps = nodeFileOps,
  flushTemps: LocalWorkerState['flushTemps'] = (temps) => fsyncAll(ops, temps),
): WorkerHalf {
  const tempFolder = join(init.writerFolder, String(worker));
  if (!init.dryRun) {
    try {
      makeFolder(ops, tempFolder, storeRights(init.root).folder);
    } catch (error) {
      const hint = diskFullHint(error, init.root);
      const what = "cannot make a folder for a worker's temps";
      throw failed(what, error, { path: tempFolder, hint, ...denialIn(init.root, error) });
    }
  }
  const state: LocalWorkerState = {
    root: init.root,
    layout: init.format.layout,
    moving: init.format.movingFrom !== undefined,
    temps: new TempFolder(tempFolder, init.root, ops, init.setsModes),
    durability: init.durability,
    keepTempsOpen: init.durability === 'group' && init.barrier === 'fsync',
    flushTemps,
    wasEmpty: init.wasEmpty,
    verifyHits: init.verifyHits,
    dryRun: init.dryRun,
    maxOpenTemps: init.maxOpenTemps,
    namelessTemps: init.namelessTemps,
    ops,
    status: statusReader(libc?.statx),
    libc,
    setDirect: init.durability === 'none' ? undefined : libc?.setDirect,
    large: new LargeIndex(init.root),
  };
  return { openGroup: (callMain: CallMain): Group => new LocalGroup(state, callMain) };
}
