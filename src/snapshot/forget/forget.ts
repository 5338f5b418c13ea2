/** `forget` and `unforget` as callers see them. */
import { abortSignal, type Checks, flag, requireOptions, strings } from '../../checked.ts';
import { IngotError, UsageError } from '../../errors.ts';
import { engineAt } from '../../store/engines.ts';
import type { Engine } from '../../store/seam/engine.ts';
import type { Forgetting } from '../../store/seam/forgetting.ts';
import { notOffered } from '../../store/seam/refusals.ts';
import type { End, WriteOptions } from '../../store/seam/write.ts';
import { NEVER, whileKept } from '../../store/while-kept.ts';
import { type Catalog, catalogOf, type DamagedReference, idsIn, readCatalog } from '../catalog.ts';
import type { Reference } from '../reference.ts';
import { parseSnapshotName, resolveSnapshot } from '../resolve.ts';
import { applyPolicy, hasRule, POLICY_CHECKS, type Policy, requirePolicy } from './policy.ts';
import { requireAll } from './require-all.ts';

export interface ForgetOptions extends Policy {
  /** Names of those to forget, instead of a policy. */
  readonly snapshots?: readonly string[] | undefined;
  /** Say what would become of them, and do nothing. */
  readonly dryRun?: boolean | undefined;
  /** Aborting ends the waiting for others, and rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

export interface ForgetReport {
  readonly dryRun: boolean;
  /** With a policy all that could be read, else those that were named; the oldest first. */
  readonly snapshots: readonly Fate[];
  /** Those that cannot be read are left where they are. */
  readonly damaged: readonly DamagedReference[];
}

/** What became of a snapshot; in a dry run, what would. */
export interface Fate {
  readonly id: string;
  /** Undefined for one that was named and is damaged. */
  readonly snapshot: Reference | undefined;
  /** `forgotten already`: an earlier run has done it. */
  readonly outcome: 'kept' | 'forgotten' | 'forgotten already';
  readonly why: readonly string[];
}

const CHECKS: Checks<ForgetOptions> = {
  ...POLICY_CHECKS,
  snapshots: strings,
  dryRun: flag,
  signal: abortSignal,
};

/**
 * Lets go of snapshots: they are listed no more, and a later `gc` frees what only they need. Until
 * then `unforget` brings them back. Durable when it resolves. Throws an IngotError:
 * INGOT_NO_SNAPSHOT, INGOT_AMBIGUOUS_SNAPSHOT, INGOT_NO_FLOCK, an errno; a UsageError where neither
 * snapshots nor rules are given, or both.
 */
export async function forget(store: string, options: ForgetOptions = {}): Promise<ForgetReport> {
  return forgetIn(engineAt(store), options);
}

/** `forget` with the engine to use. */
export async function forgetIn(engine: Engine, options: ForgetOptions = {}): Promise<ForgetReport> {
  requireOptions(options, CHECKS);
  const { dryRun = false, signal } = options;
  requireWish(options);
  const forgetting = await openForgetting(engine);
  for (;;) {
    const catalog = await readCatalog(engine);
    const fates = await fatesOf(catalog, forgetting, options);
    const { damaged } = catalog;
    if (dryRun) return { dryRun, snapshots: fates, damaged };
    const hold = await forgetting.hold(signal);
    try {
      // A policy says what becomes of those that are there, and of no others.
      if (!(await isAsNow(catalog, engine))) continue;
      // Those of an earlier run, too: it may have been killed before they were durable.
      forgetting.forget(fates.filter(isGoing).map(({ id }) => id));
      return { dryRun, snapshots: fates, damaged };
    } finally {
      hold.release();
    }
  }
}

async function isAsNow({ snapshots, damaged }: Catalog, engine: Engine): Promise<boolean> {
  const known = [...snapshots, ...damaged].map(({ id }) => id).sort();
  const now = await idsIn(await engine.openReader('references'));
  return now.join() === known.join();
}

function isGoing({ outcome }: Fate): boolean {
  return outcome !== 'kept';
}

async function fatesOf(
  { snapshots, damaged }: Catalog,
  { forgotten }: Forgetting,
  options: ForgetOptions,
): Promise<Fate[]> {
  if (options.snapshots === undefined)
    return applyPolicy(snapshots, options).map(({ snapshot, keeps, why }) => ({
      ...{ id: snapshot.id, snapshot, why },
      outcome: keeps ? 'kept' : 'forgotten',
    }));
  const gone = await catalogOf(forgotten);
  const fates = new Map<string, Fate>();
  for (const name of options.snapshots) {
    const fate = fateOf(name, [...snapshots, ...damaged.map(unlabelled)], gone.snapshots);
    fates.set(fate.id, fate);
  }
  return [...fates.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

type Unreadable = DamagedReference & { readonly label: undefined };

function unlabelled(damaged: DamagedReference): Unreadable {
  return { ...damaged, label: undefined };
}

/** Of a snapshot that was named. Only an id can mean one that is forgotten. */
function fateOf(
  name: string,
  there: readonly (Reference | Unreadable)[],
  gone: readonly Reference[],
): Fate {
  const wanted = requireWhole(name);
  const why = ['named'];
  try {
    const found = resolveSnapshot(wanted, there);
    if ('root' in found) return { id: found.id, snapshot: found, outcome: 'forgotten', why };
    // A newer ingot can read it.
    if (found.failure.code !== 'INGOT_DAMAGED') throw new IngotError(found.failure);
    return { id: found.id, snapshot: undefined, outcome: 'forgotten', why: ['named', 'damaged'] };
  } catch (error) {
    const found = gone.find(({ id }) => id === wanted.base);
    if (found === undefined) throw error;
    return { id: found.id, snapshot: found, outcome: 'forgotten already', why };
  }
}

function requireWhole(name: string): ReturnType<typeof parseSnapshotName> {
  const wanted = parseSnapshotName(name);
  if (wanted.path === undefined) return wanted;
  throw new UsageError({
    ...{ what: 'cannot forget a part of a snapshot', code: 'INGOT_USAGE', path: name },
    why: 'a snapshot is never changed',
    hint: "leave out ':' and what follows it",
  });
}

/** Snapshots or rules, each as it has to be. */
function requireWish(options: ForgetOptions): void {
  const { snapshots } = options;
  if (snapshots === undefined) requirePolicy(options);
  for (const name of snapshots ?? []) requireWhole(name);
  if (snapshots === undefined || !hasRule(options)) return;
  throw new UsageError({
    ...{ what: 'wrong usage', code: 'INGOT_USAGE' },
    why: 'snapshots are named, and a rule says which to keep',
    hint: 'do one after the other',
  });
}

export interface UnforgetOptions {
  readonly signal?: AbortSignal | undefined;
}

/**
 * Brings forgotten snapshots back, each when all that it names is there, and gives them. Durable when
 * it resolves. Throws an IngotError: INGOT_NO_SNAPSHOT, INGOT_AMBIGUOUS_SNAPSHOT, INGOT_OBJECT_GONE
 * where a gc has begun with one, an errno.
 */
export async function unforget(
  store: string,
  names: readonly string[],
  options: UnforgetOptions = {},
): Promise<readonly Reference[]> {
  return unforgetIn(engineAt(store), names, options);
}

/** `unforget` with the engine to use. */
export async function unforgetIn(
  engine: Engine,
  names: readonly string[],
  options: UnforgetOptions = {},
): Promise<readonly Reference[]> {
  strings('names of snapshots', names);
  requireOptions(options, { signal: abortSignal });
  const parsed = names.map(requireWhole);
  const forgetting = await openForgetting(engine);
  const { snapshots } = await catalogOf(forgetting.forgotten);
  const wanted = parsed.map((name) => {
    if (snapshots.length === 0) throw nothingForgotten(name.base);
    return resolveSnapshot(name, snapshots);
  });
  const { signal } = options;
  const half = await engine.openWriter({ ...WRITER, signal });
  let how: End = 'failed';
  try {
    // What was stored without a flush is durable then, or known to be lost.
    await half.flush(signal);
    for (const each of wanted)
      await whileKept(half, NEVER, {
        look: () => requireAll(engine, half, each, signal),
        take: () => {
          if (!forgetting.unforget(each.id)) throw nothingForgotten(each.id);
        },
        signal,
      });
    how = 'done';
  } finally {
    await half.end(how);
  }
  return wanted;
}

const WRITER: WriteOptions = {
  ...{ durability: 'group', barrier: 'auto', verifyHits: false, dryRun: false, groups: 0 },
};

async function openForgetting(engine: Engine): Promise<Forgetting> {
  const forgetting = await engine.openForgetting?.();
  if (forgetting === undefined) throw notOffered('forget snapshots', engine.address);
  return forgetting;
}

/** The snapshots that were let go and can still be brought back. */
export async function forgottenSnapshots(store: string): Promise<Catalog> {
  return catalogOf((await openForgetting(engineAt(store))).forgotten);
}

function nothingForgotten(path: string): IngotError {
  return new IngotError({
    ...{ what: 'no such snapshot', code: 'INGOT_NO_SNAPSHOT', kind: 'gone', path },
    why: 'it is not forgotten, or a gc has taken it',
    hint: "'ingot snapshots --forgotten' lists those that can be brought back",
  });
}
