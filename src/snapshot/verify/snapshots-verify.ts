/**
 * One verify: reads the trees of snapshots, looks for what they need, hashes objects, repairs, and
 * says which entries are lost. Memory grows with damage alone.
 */
import { ahead } from '../../ahead.ts';
import type { Digest } from '../../digest.ts';
import { type Failure, IngotError } from '../../errors.ts';
import type { Engine } from '../../store/seam/engine.ts';
import type { StoreTotals } from '../../store/seam/upkeep.ts';
import type { VerifyPool } from '../../store/verify/verify-pool.ts';
import { type VerifyReport as ObjectsReport, verifyStore } from '../../store/verify/verify-run.ts';
import { Turns } from '../../turns.ts';
import { type Catalog, idsIn } from '../catalog.ts';
import type { Reference } from '../reference.ts';
import { forgottenMeanwhile } from '../refusals.ts';
import { unlessForgottenIn } from '../snapshot.ts';
import type { SegmentSource } from '../storage.ts';
import { StoredSegments } from '../store-segments.ts';
import type { VerifyOptions, VerifyReport } from './api.ts';
import { LostObjects, type LostState } from './lost.ts';
import { type NamedObject, NamedObjects } from './named-objects.ts';
import { NamedVerifier } from './named-verifier.ts';
import type { Repair } from './repair.ts';
import { TreeCheck } from './tree-check.ts';

/** Objects a look: enough to hide the price of a message. */
const PAGE = 512;
/** Looks in flight for each thread. */
const LOOKS_PER_THREAD = 2;

interface Parts {
  readonly engine: Engine;
  readonly pool: VerifyPool;
  readonly catalog: Catalog;
  readonly repair: Repair | undefined;
}

export class SnapshotsVerify {
  readonly #engine: Engine;
  readonly #pool: VerifyPool;
  readonly #catalog: Catalog;
  readonly #repair: Repair | undefined;
  readonly #options: VerifyOptions;
  readonly #named = new NamedObjects();
  readonly #lost = new LostObjects();
  readonly #damagedSnapshots = new Set<string>();
  /** Meanwhile. */
  readonly #forgotten = new Set<string>();
  /** Objects that do not hash to their digests; `quarantined`: they were moved. */
  readonly #damaged = new Map<Digest, LostState>();
  #segments = 0;
  /** Segments that could not be looked at. */
  #unreadable = 0;
  #missing = 0;
  /** Of the damaged ones. */
  #repaired = 0;

  constructor({ engine, pool, catalog, repair }: Parts, options: VerifyOptions) {
    this.#engine = engine;
    this.#pool = pool;
    this.#catalog = catalog;
    this.#repair = repair;
    this.#options = options;
  }

  async run(): Promise<VerifyReport> {
    try {
      const source = this.#repair ?? new StoredSegments(await this.#engine.openReader('segments'));
      await this.#readTrees(source);
      const there = await this.#look();
      const objects = await this.#hash(there);
      await this.#repairDamaged();
      await this.#passOverForgotten(source, objects);
      await this.#reportLost(source);
      return this.#reportOf(objects);
    } catch (error) {
      throw error === this.#options.signal?.reason ? interrupted() : error;
    } finally {
      this.#named.close();
    }
  }

  async #readTrees(source: SegmentSource): Promise<void> {
    const { snapshots, damaged } = this.#catalog;
    for (const { id, failure } of damaged) this.#reportDamaged(id, failure);
    let done = 0;
    let current = '';
    const watched = unlessForgottenIn(this.#engine, source, () => current);
    const check = new TreeCheck(watched, {
      signal: this.#options.signal,
      onFile: (file) => this.#named.add(file),
      onDamaged: (id, error) => this.#reportDamaged(id, error.toFailure()),
      onUnreadable: (error) => {
        if (error.code === 'INGOT_FORGOTTEN') return this.#noteForgotten(current, error);
        this.#unreadable++;
        const { path = this.#engine.address } = error;
        this.#options.onUnreadable?.({ digest: undefined, path, failure: error.toFailure() });
      },
      onProgress: () =>
        this.#options.onTrees?.({ snapshots: snapshots.length, done, entries: check.entries }),
    });
    for (const reference of snapshots) {
      current = reference.id;
      await check.check(reference);
      done++;
    }
    this.#segments = check.segments;
  }

  /** Looks for all that the trees name; gives what is there, as far as it has the right size. */
  async #look(): Promise<StoreTotals> {
    let [objects, bytes] = [0, 0];
    let before: Digest | undefined;
    const looks = ahead(this.#named.pages(PAGE), LOOKS_PER_THREAD * this.#pool.threads, (page) =>
      this.#lookAt(page),
    );
    for await (const looked of looks) {
      this.#options.signal?.throwIfAborted();
      const bad = looked.filter(({ state }) => state !== undefined);
      for (const { digest, state, size } of looked) {
        if (digest !== before) {
          objects++;
          bytes += size;
          if (state === 'missing') this.#missing++;
        }
        before = digest;
      }
      await this.#repairAll(bad);
    }
    return { objects, bytes };
  }

  async #lookAt(page: readonly NamedObject[]): Promise<readonly Looked[]> {
    const sizes = await this.#pool.look(page.map(({ digest }) => digest));
    return page.map((object, at) => ({ ...object, state: stateOf(object.size, sizes[at]!) }));
  }

  /** Repairs what can be repaired; the rest is lost. Gives the number of those that are not. */
  async #repairAll(bad: readonly Looked[]): Promise<number> {
    const lacking = this.#repair === undefined ? bad : await this.#repair.objects(bad);
    for (const { digest, size, state } of lacking as readonly Looked[])
      this.#lost.add(digest, state!, size);
    return bad.length - lacking.length;
  }

  #hash(there: StoreTotals): Promise<ObjectsReport> {
    const { snapshot, onDamaged } = this.#options;
    const { verifier, threads } = this.#pool;
    const only = () =>
      new NamedVerifier(verifier, { named: this.#named, lost: this.#lost, totals: there });
    return verifyStore(snapshot === undefined ? verifier : only(), {
      ...this.#options,
      threads,
      bytesRead: () => this.#pool.bytesRead(),
      runBatch: (digests) => this.#pool.check(digests),
      onDamaged: (object, moved, unmoved) => {
        this.#damaged.set(object.digest, moved === undefined ? 'damaged' : 'quarantined');
        onDamaged?.(object, moved, unmoved);
      },
    });
  }

  /** What snapshots need of it; the rest of what is damaged is nobody's. */
  async #repairDamaged(): Promise<void> {
    if (this.#damaged.size === 0) return;
    const turns = new Turns({ signal: this.#options.signal });
    for (const page of this.#named.pages(PAGE)) {
      if (turns.isDue()) await turns.take();
      const bad = page.flatMap((object) => {
        const state = this.#damaged.get(object.digest);
        return state === undefined ? [] : { ...object, state };
      });
      this.#repaired += await this.#repairAll(bad);
    }
  }

  /** What no snapshot names that is listed still, a gc may have taken. */
  async #passOverForgotten(source: SegmentSource, { gone }: ObjectsReport): Promise<void> {
    const listed = new Set(await idsIn(await this.#engine.openReader('references')));
    const lacksSome = this.#missing > 0 || gone > 0;
    for (const { id } of this.#catalog.snapshots)
      if (!listed.has(id)) this.#noteForgotten(id, lacksSome ? forgottenMeanwhile(id) : undefined);
    if (this.#forgotten.size === 0) return;
    const { signal } = this.#options;
    this.#missing -= await this.#lost.dropUnneeded(source, this.#snapshots, signal);
  }

  /** `error`: for who has asked for this snapshot alone, and lacks some of it. */
  #noteForgotten(id: string, error: IngotError | undefined): void {
    if (this.#options.snapshot !== undefined && error !== undefined) throw error;
    if (!this.#forgotten.has(id)) this.#options.onForgotten?.(id);
    this.#forgotten.add(id);
  }

  /** But those that were forgotten meanwhile. */
  get #snapshots(): readonly Reference[] {
    return this.#catalog.snapshots.filter(({ id }) => !this.#forgotten.has(id));
  }

  async #reportLost(source: SegmentSource): Promise<void> {
    const { onLost, signal, snapshot } = this.#options;
    const how = { all: snapshot !== undefined, signal };
    for await (const object of this.#lost.needed(source, this.#snapshots, how)) onLost?.(object);
  }

  #reportDamaged(id: string, failure: Failure): void {
    this.#damagedSnapshots.add(id);
    this.#options.onDamagedSnapshot?.({ id, failure });
  }

  #reportOf(objects: ObjectsReport): VerifyReport {
    const { snapshots, damaged } = this.#catalog;
    const lost = this.#lost.count;
    const alsoDamaged = [...this.#damaged.keys()].filter((digest) =>
      this.#lost.stateOf(digest),
    ).length;
    return {
      ...objects,
      unreadable: objects.unreadable + this.#unreadable,
      snapshots: snapshots.length + damaged.length,
      damagedSnapshots: this.#damagedSnapshots.size,
      forgotten: this.#forgotten.size,
      segments: this.#segments,
      missing: this.#missing,
      lost,
      repaired: this.#repair?.counts.objects ?? 0,
      repairedSegments: this.#repair?.counts.segments ?? 0,
      unrepaired: objects.damaged - this.#repaired + lost - alsoDamaged,
    };
  }
}

/** While snapshots are read or looked for: the check of objects says how far it was. */
function interrupted(): IngotError {
  const why = 'the snapshots were not all checked';
  return new IngotError({ what: 'verify was interrupted', code: 'INGOT_INTERRUPTED', why });
}

/** `state` is undefined for what is well, and for what cannot be looked at. */
type Looked = NamedObject & { readonly state: LostState | undefined };

/** `found`: as `Look` gives it. */
function stateOf(size: number, found: number): LostState | undefined {
  if (found === size || Number.isNaN(found)) return undefined;
  return found < 0 ? 'missing' : 'of another size';
}
