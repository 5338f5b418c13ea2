import type { Digest } from '../../digest.ts';
import type { Failure } from '../../errors.ts';
import { type FileOps, fileOpsIn, nodeFileOps } from '../../files/file-ops.ts';
import { loadLibc } from '../../native/libc.ts';
import type { Layout } from '../choices.ts';
import type { CollectOptions, Collector } from '../seam/collecting.ts';
import type { Engine, OpenStoreOptions, StoreFacts } from '../seam/engine.ts';
import type { Forgetting } from '../seam/forgetting.ts';
import type { ReadHalf } from '../seam/read.ts';
import type {
  ProbePlace,
  RelayoutOptions,
  RelayoutReport,
  StatsOptions,
  StoreStats,
  Verifier,
} from '../seam/upkeep.ts';
import type { MainHalf, ModuleSource, Names, Space, WriteOptions } from '../seam/write.ts';
import { accessWarning, newStoreWarning } from './on-disk/access.ts';
import { checkLayout, readFormat, requireFormat } from './on-disk/format.ts';
import type { ThreadReaderInit } from './thread-reader.ts';

/**
 * A store in a directory of this machine. Commands use one or two of its parts: each is loaded when
 * it is asked for.
 */
export class LocalEngine implements Engine {
  readonly address: string;
  readonly folder: string;
  readonly #given: FileOps | undefined;
  readonly #ops: FileOps;

  /** `root` is an absolute path. */
  constructor(root: string, ops?: FileOps) {
    this.address = root;
    this.folder = root;
    this.#given = ops;
    this.#ops = ops ?? nodeFileOps;
  }

  async open({ create, layout, sharing }: OpenStoreOptions): Promise<StoreFacts> {
    const root = this.folder;
    const existing = create ? readFormat(root) : requireFormat(root);
    if (existing === undefined) {
      const { createStore } = await import('./on-disk/create-store.ts');
      return createStore(root, layout ?? 'flat', this.#ops, await loadLibc(), sharing);
    }
    checkLayout(root, existing, layout);
    if (sharing !== undefined) {
      const { shareStore } = await import('./on-disk/share-store.ts');
      shareStore(root, existing, sharing, this.#ops);
    }
    return existing;
  }

  async openWriter(options: WriteOptions): Promise<MainHalf> {
    const { LocalMainHalf } = await import('./main-half.ts');
    return LocalMainHalf.open(this.folder, options, this.#ops);
  }

  async openReader<S extends Space>(space: S): Promise<ReadHalf<Names[S]>> {
    const root = this.folder;
    const format = requireFormat(root);
    const [{ LocalReader }, { placesOf, spaceOf }] = await Promise.all([
      import('./reader.ts'),
      import('./spaces.ts'),
    ]);
    return new LocalReader(root, spaceOf(space, root, placesOf(format)), this.#ops);
  }

  async threadReader(): Promise<ModuleSource> {
    const root = this.folder;
    const { layout } = requireFormat(root);
    const { localModule } = await import('./local-module.ts');
    return { module: localModule(), init: { root, layout } satisfies ThreadReaderInit };
  }

  async openVerifier({ quarantine }: { readonly quarantine: boolean }): Promise<Verifier> {
    const { LocalVerifier } = await import('./verifier.ts');
    if (quarantine && requireFormat(this.folder).format === 2) {
      const { requireLocks } = await import('./on-disk/store-lock.ts');
      await requireLocks(this.folder);
    }
    return new LocalVerifier(this.folder, quarantine, this.#ops);
  }

  async stats(options: StatsOptions): Promise<StoreStats> {
    const { storeStats } = await import('./upkeep/stats.ts');
    return storeStats(this.folder, options);
  }

  async warning(): Promise<Failure | undefined> {
    return accessWarning(this.folder);
  }

  async warningOfNew(): Promise<Failure | undefined> {
    return newStoreWarning(this.folder);
  }

  async relayout(to: Layout, options: RelayoutOptions): Promise<RelayoutReport> {
    const { relayoutStore } = await import('./upkeep/relayout.ts');
    return relayoutStore(this.folder, to, options, this.#ops);
  }

  async openForgetting(): Promise<Forgetting> {
    const { LocalForgetting } = await import('./forgetting.ts');
    return new LocalForgetting(this.folder, this.#ops);
  }

  async openCollector(options: CollectOptions): Promise<Collector> {
    const { LocalCollector } = await import('./collector.ts');
    const ops = this.#given ?? fileOpsIn((await loadLibc())?.at);
    return LocalCollector.open(this.folder, options, ops);
  }

  async unpin(digest: Digest): Promise<boolean> {
    requireFormat(this.folder);
    const { removePin } = await import('./on-disk/pins.ts');
    return removePin(this.folder, digest, this.#ops);
  }

  async openProbePlace(): Promise<ProbePlace> {
    const { openProbePlace } = await import('./probe-place.ts');
    return openProbePlace(this.folder, await loadLibc());
  }
}
