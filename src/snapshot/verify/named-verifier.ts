import type { Digest } from '../../digest.ts';
import type { ListOptions, OnRefused } from '../../store/seam/read.ts';
import type { DamagedObject, StoreTotals, Verifier } from '../../store/seam/upkeep.ts';
import type { ModuleSource } from '../../store/seam/write.ts';
import type { LostObjects } from './lost.ts';
import type { NamedObjects } from './named-objects.ts';

/** Objects a page. */
const PAGE = 1024;

interface Only {
  readonly named: NamedObjects;
  /** Those that are known not to be there are passed over. */
  readonly lost: LostObjects;
  readonly totals: StoreTotals;
}

/** What a verify asks of a store, as if it had only the objects that a snapshot names. */
export class NamedVerifier implements Verifier {
  readonly worker: ModuleSource;
  readonly #verifier: Verifier;
  readonly #only: Only;

  constructor(verifier: Verifier, only: Only) {
    this.worker = verifier.worker;
    this.#verifier = verifier;
    this.#only = only;
  }

  async *list({ signal }: ListOptions = {}): AsyncGenerator<readonly Digest[]> {
    const { named, lost } = this.#only;
    let before: Digest | undefined;
    for (const page of named.pages(PAGE)) {
      signal?.throwIfAborted();
      const digests: Digest[] = [];
      for (const { digest } of page) {
        if (digest !== before && lost.stateOf(digest) !== 'missing') digests.push(digest);
        before = digest;
      }
      yield digests;
    }
  }

  async count(): Promise<StoreTotals> {
    return this.#only.totals;
  }

  quarantine(object: DamagedObject): ReturnType<Verifier['quarantine']> {
    return this.#verifier.quarantine(object);
  }

  countUnsettled(onRefused: OnRefused): number {
    return this.#verifier.countUnsettled(onRefused);
  }
}
