import type { Digest } from '../../digest.ts';
import { failed, isDenied, isIngotError } from '../../errors.ts';
import { type FileOps, nodeFileOps } from '../../files/file-ops.ts';
import type { ListOptions, OnRefused } from '../seam/read.ts';
import type { DamagedObject, StoreTotals, Verifier } from '../seam/upkeep.ts';
import type { ModuleSource } from '../seam/write.ts';
import { localModule } from './local-module.ts';
import { requireFormat } from './on-disk/format.ts';
import { requireShards } from './on-disk/shards.ts';
import { shareStore } from './on-disk/share-store.ts';
import { LocalReader } from './reader.ts';
import { objectSpace, placesOf } from './spaces.ts';
import { countStore } from './upkeep/count-store.ts';
import { countMoves, movingFolder, settleMoves } from './upkeep/quarantine.ts';
import { tryQuarantine } from './upkeep/quarantine-name.ts';
import type { CheckInit } from './upkeep/verify-objects.ts';

/** What a verify asks of a local store. */
export class LocalVerifier implements Verifier {
  readonly worker: ModuleSource;
  readonly #init: CheckInit;
  readonly #reader: LocalReader<Digest>;

  /** `quarantine`: damaged objects are to be moved. Throws an IngotError. */
  constructor(root: string, quarantine: boolean, ops: FileOps = nodeFileOps) {
    const format = requireFormat(root);
    const { layout } = format;
    if (quarantine) {
      requireShards(root);
      shareStore(root, format, undefined, ops);
      settleMoves(root, layout, ops);
    }
    this.#init = { root, layout };
    this.worker = { module: localModule(), init: this.#init };
    this.#reader = new LocalReader(root, objectSpace(root, placesOf(format)), ops);
  }

  list(options?: ListOptions): AsyncIterable<readonly Digest[]> {
    return this.#reader.list(options);
  }

  count(signal: AbortSignal): Promise<StoreTotals> {
    const { root, layout } = this.#init;
    return countStore(root, layout, signal);
  }

  async quarantine(
    object: DamagedObject,
    signal?: AbortSignal,
  ): ReturnType<Verifier['quarantine']> {
    return tryQuarantine(this.#init.root, object, signal);
  }

  /** Those of another user's quarantine cannot be counted. */
  countUnsettled(onRefused: OnRefused): number {
    const { root } = this.#init;
    try {
      return countMoves(root);
    } catch (error) {
      const path = movingFolder(root);
      const failure = failed('cannot list objects', error, { path });
      if (!isDenied(error) || !isIngotError(failure)) throw error;
      onRefused(path, failure);
      return 0;
    }
  }
}
