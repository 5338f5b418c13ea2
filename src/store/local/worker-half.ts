/** The half of a local store that lives in a worker thread. */

import { join } from 'node:path';
import type { Digest } from '../../digest.ts';
import { failed } from '../../errors.ts';
import { diskFullHint } from '../../files/disk-full.ts';
import { type FileOps, nodeFileOps } from '../../files/file-ops.ts';
import { makeFolder } from '../../files/rights.ts';
import { statusReader } from '../../native/file-status.ts';
import type { Libc } from '../../native/libc.ts';
import type { BarrierKind, Durability } from '../choices.ts';
import type { CallMain, Group, WorkerHalf } from '../seam/write.ts';
import { LocalGroup } from './group.ts';
import { denialIn } from './on-disk/denial.ts';
import type { StoreFormat } from './on-disk/format.ts';
import { storeRights } from './on-disk/sharing.ts';
import { LargeIndex } from './publish/large-index.ts';
import type { OpenTemps } from './publish/open-temps.ts';
import { fsyncAll } from './publish/temp-flush.ts';
import { TempFolder } from './publish/temps.ts';
import { type LocalSpace, objectSpace, placesOf } from './spaces.ts';
import type { LocalWorkerState } from './worker-state.ts';

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
 * A worker's half. `flushTemps` flushes temps that stay open until their barrier; by default each on
 * its own.
 */
export class LocalWorkerHalf implements WorkerHalf {
  readonly #state: LocalWorkerState;
  readonly #objects: LocalSpace<Digest>;

  /** `number` is the worker's own among those of one writer. Throws an IngotError. */
  constructor(
    init: LocalWorkerInit,
    number: number,
    libc: Libc | undefined,
    ops: FileOps = nodeFileOps,
    flushTemps: LocalWorkerState['flushTemps'] = (temps) => fsyncAll(ops, temps),
  ) {
    const { root, format, durability, dryRun } = init;
    const tempFolder = join(init.writerFolder, String(number));
    if (!dryRun) makeTempFolder(root, tempFolder, ops);
    this.#state = {
      root,
      layout: format.layout,
      temps: new TempFolder(tempFolder, root, ops, init.setsModes),
      durability,
      keepTempsOpen: durability === 'group' && init.barrier === 'fsync',
      flushTemps,
      wasEmpty: init.wasEmpty,
      verifyHits: init.verifyHits,
      dryRun,
      maxOpenTemps: init.maxOpenTemps,
      namelessTemps: init.namelessTemps,
      ops,
      status: statusReader(libc?.statx),
      libc,
      setDirect: durability === 'none' ? undefined : libc?.setDirect,
      large: new LargeIndex(root),
    };
    this.#objects = objectSpace(root, placesOf(format));
  }

  openGroup(callMain: CallMain): Group {
    return this.openGroupOf(this.#objects, callMain);
  }

  openGroupOf<Name extends string>(space: LocalSpace<Name>, callMain: CallMain): LocalGroup<Name> {
    return new LocalGroup(this.#state, space, callMain);
  }
}

function makeTempFolder(root: string, folder: string, ops: FileOps): void {
  try {
    makeFolder(ops, folder, storeRights(root).folder);
  } catch (error) {
    const hint = diskFullHint(error, root);
    const what = "cannot make a folder for a worker's temps";
    throw failed(what, error, { path: folder, hint, ...denialIn(root, error) });
  }
}
