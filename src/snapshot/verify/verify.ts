/** `verify` as callers see it: the objects of a store, and the snapshots that need them. */
import { type Checks, callback, filePath, requireOptions, wrong } from '../../checked.ts';
import { UsageError } from '../../errors.ts';
import { engineAt } from '../../store/engines.ts';
import type { Engine } from '../../store/seam/engine.ts';
import { OBJECTS_CHECKS } from '../../store/verify/options.ts';
import { VerifyPool } from '../../store/verify/verify-pool.ts';
import { checkedThreads } from '../../threads/thread-count.ts';
import { type Catalog, readCatalog } from '../catalog.ts';
import { parseSnapshotName } from '../resolve.ts';
import { openSnapshotIn } from '../snapshot.ts';
import type { VerifyOptions, VerifyReport } from './api.ts';
import { Repair } from './repair.ts';
import { SnapshotsVerify } from './snapshots-verify.ts';

const CHECKS: Checks<VerifyOptions> = {
  ...OBJECTS_CHECKS,
  snapshot: (name, value) => {
    if (typeof value !== 'string') throw wrong(name, value, 'a string');
  },
  repairFrom: filePath,
  onTrees: callback,
  onDamagedSnapshot: callback,
  onForgotten: callback,
  onRepaired: callback,
  onLost: callback,
};

/**
 * Re-hashes objects on all processors, after it has read all snapshots and looked for what they
 * need. Damage is reported, not thrown; what a gc takes of a snapshot that is forgotten meanwhile is
 * none. Throws an IngotError when the machine is short of something, when a flush fails, when it was
 * interrupted, and for a snapshot that is asked for and cannot be opened, or that a gc has taken
 * meanwhile (INGOT_FORGOTTEN); a UsageError for a store that would be repaired from itself.
 */
export async function verify(store: string, options: VerifyOptions = {}): Promise<VerifyReport> {
  return verifyIn(engineAt(store), options);
}

/** `verify` with the engine to use. */
export async function verifyIn(engine: Engine, options: VerifyOptions = {}): Promise<VerifyReport> {
  requireOptions(options, CHECKS);
  const threads = checkedThreads(options.threads);
  const { repairFrom, onRepaired = () => {}, readAhead, quarantine, signal } = options;
  const from = repairFrom === undefined ? undefined : engineAt(repairFrom);
  const catalog = await catalogOf(engine, options.snapshot);
  const repair = from && (await Repair.open(engine, from, { onRepaired, signal }));
  let pool: VerifyPool | undefined;
  try {
    pool = await VerifyPool.open(engine, { threads, readAhead, quarantine });
    return await new SnapshotsVerify({ engine, pool, catalog, repair }, options).run();
  } finally {
    await pool?.close();
    await repair?.close();
  }
}

/** All references, or that of one snapshot. */
async function catalogOf(engine: Engine, name: string | undefined): Promise<Catalog> {
  if (name === undefined) return readCatalog(engine);
  if (parseSnapshotName(name).path !== undefined)
    throw new UsageError({
      ...{ what: 'cannot verify a part of a snapshot', code: 'INGOT_USAGE', path: name },
      why: 'a tree is checked as a whole',
      hint: "leave out ':' and what follows it",
    });
  const { reference } = await openSnapshotIn(engine, name);
  return { snapshots: [reference], damaged: [] };
}
