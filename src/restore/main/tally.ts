/** Counts what becomes of entries, and tells those who want to know. */
import type { Failure } from '../../errors.ts';
import { IngotError } from '../../errors.ts';
import { addAheadCost, noAheadCost } from '../../read-ahead/cost.ts';
import { type BatchResult, CODE, type FoundShortfall } from '../messages.ts';
import { KIND, type PackedEntries, Unpacker } from '../packed-entries.ts';
import type {
  RestoredType,
  RestoreOptions,
  RestoreOutcome,
  RestoreReport,
  Shortfall,
} from '../report.ts';

type Counts = Omit<RestoreReport, 'id' | 'target' | 'dryRun' | 'flushed' | 'readAhead' | 'wallMs'>;
type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const TYPES: Readonly<Record<number, RestoredType>> = {
  [KIND.file]: 'file',
  [KIND.link]: 'link',
  [KIND.hardLink]: 'hard link',
};

const OUTCOMES: Readonly<Record<number, RestoreOutcome>> = {
  [CODE.new]: 'new',
  [CODE.replaced]: 'replaced',
  [CODE.left]: 'left',
  [CODE.failed]: 'failed',
};

export class Tally {
  readonly #options: Pick<RestoreOptions, 'onEntry' | 'onNotice' | 'report'>;
  readonly #shortfalls: Record<Shortfall, number> = {
    ...{ mode: 0, owner: 0, time: 0, attribute: 0, 'hard link': 0 },
  };
  readonly reads = noAheadCost();
  readonly counts: Mutable<Counts> = {
    ...{ directories: 0, files: 0, links: 0, hardLinks: 0, bytes: 0, left: 0, replaced: 0 },
    ...{ removed: 0, failed: 0, excluded: 0, missing: 0, unprivileged: 0 },
    shortfalls: this.#shortfalls,
  };

  constructor(options: Pick<RestoreOptions, 'onEntry' | 'onNotice' | 'report'>) {
    this.#options = options;
  }

  directory(path: string, outcome: 'new' | 'replaced' | 'left'): void {
    this.counts.directories++;
    if (outcome === 'left') this.counts.left++;
    if (outcome === 'replaced') this.counts.replaced++;
    this.#tell(path, 'directory', outcome);
  }

  removed(path: string): void {
    this.counts.removed++;
    this.#tell(path, undefined, 'removed');
  }

  /** Without a failure: something above it has failed, and is named. */
  failed(path: string, type: RestoredType | undefined, failure: Failure | undefined): void {
    this.counts.failed++;
    if (failure !== undefined) this.#options.onEntry?.({ path, type, outcome: 'failed', failure });
  }

  batch(packed: PackedEntries, result: BatchResult): void {
    const { counts } = this;
    const failures = new Map(result.problems.map(({ index, failure }) => [index, failure]));
    const entries = new Unpacker(packed);
    const tellsAll = this.#options.report === 'all';
    while (entries.advance()) {
      const code = result.outcomes[entries.index]!;
      const outcome = OUTCOMES[code];
      if (outcome === undefined) continue;
      const type = TYPES[entries.kind]!;
      if (outcome === 'failed') {
        this.failed(entries.path, type, failures.get(entries.index));
        continue;
      }
      if (type === 'file') counts.files++;
      else if (type === 'link') counts.links++;
      else counts.hardLinks++;
      if (outcome === 'left') counts.left++;
      else if (outcome === 'replaced') counts.replaced++;
      if (tellsAll) this.#tell(entries.path, type, outcome);
    }
    counts.bytes += result.bytes;
    addAheadCost(this.reads, result.reads);
    this.shortfalls(result.shortfalls);
    const asFiles = result.shortfalls.find(({ what }) => what === 'hard link')?.count ?? 0;
    counts.hardLinks -= asFiles;
    counts.files += asFiles;
  }

  shortfalls(found: readonly FoundShortfall[]): void {
    for (const { what, failure, count } of found) {
      if (this.#shortfalls[what] === 0)
        this.#options.onNotice?.(`${new IngotError(failure).message} (the first of its kind)`);
      this.#shortfalls[what] += count;
    }
  }

  #tell(path: string, type: RestoredType | undefined, outcome: RestoreOutcome): void {
    if (this.#options.report === 'all') this.#options.onEntry?.({ path, type, outcome });
  }
}
