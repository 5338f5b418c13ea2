/**
 * Makes the snapshot of a run, when all that it names is durable:
 *
 *   blocks ─▶ segments, durable ─▶ the reference, durable: from then on there is a snapshot
 */
import os from 'node:os';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Digest, digestOf } from '../../digest.ts';
import { codeOf } from '../../errors.ts';
import { realPathOf } from '../../names.ts';
import { packageVersion } from '../../places.ts';
import { idsIn } from '../../snapshot/catalog.ts';
import { isSnapshotId, newId } from '../../snapshot/id.ts';
import { encodeReference, type Reference, type SourceName } from '../../snapshot/reference.ts';
import type { SegmentStorage } from '../../snapshot/storage.ts';
import { SegmentStore } from '../../snapshot/store-segments.ts';
import type { BuiltTree } from '../../snapshot/tree-builder.ts';
import { TreeReader } from '../../snapshot/tree-reader.ts';
import type { WalkPlan } from '../../sources/walk/walk-sources.ts';
import type { Engine } from '../../store/seam/engine.ts';
import type { ReadHalf } from '../../store/seam/read.ts';
import type { MainHalf } from '../../store/seam/write.ts';
import { ROUNDS, whileKept } from '../../store/while-kept.ts';
import { Turns } from '../../turns.ts';
import type { IngestOptions, SnapshotReport } from '../api.ts';
import { groupNames, userNames } from './owner-names.ts';
import type { RunRecords } from './run-records.ts';
import { storeMissing } from './store-missing.ts';
import type { TreeRecorder } from './tree-recorder.ts';

export interface SnapshotParts {
  readonly engine: Engine;
  readonly half: MainHalf;
  readonly recorder: TreeRecorder;
  readonly records: Pick<RunRecords, 'addAllLines'> | undefined;
  readonly plan: Pick<WalkPlan, 'sources' | 'list'>;
  readonly options: Pick<IngestOptions, 'label' | 'host' | 'dryRun' | 'signal'>;
}

/** What the run has found out. */
export interface RunFacts {
  /** Sources that went away. */
  readonly lost: number;
  /** Bytes of new objects. */
  readonly bytesStored: number;
}

/**
 * Makes the snapshot; in a dry run says what it would be. Throws an IngotError, or the signal's
 * reason: then there is none, and what it would have named is in the store all the same.
 */
export async function makeSnapshot(parts: SnapshotParts, facts: RunFacts): Promise<MadeSnapshot> {
  const { engine, options } = parts;
  if (options.dryRun) {
    const storage = new DrySegments(await openSegments(engine));
    const tree = await reuseOrBuild(parts, storage, facts);
    const report = reportOf(tree, storage.counts.addedBytes, options);
    return { report, generation: undefined };
  }
  const reader = await engine.openReader('segments');
  const storage = new SegmentStore(parts.half.openGroup('segments'), reader);
  try {
    const tree = await beside(() => reuseOrBuild(parts, storage, facts));
    const { id, generation } = await publishWhenWhole(parts, { tree, storage, facts });
    return { report: reportOf(tree, storage.counts.addedBytes, options, id), generation };
  } finally {
    storage.discard();
  }
}

/** A snapshot that was made; in a dry run it would have been. */
export interface MadeSnapshot {
  readonly report: SnapshotReport;
  /** Of the store, which has all that the snapshot names. */
  readonly generation: string | undefined;
}

interface Published extends Pick<MadeSnapshot, 'generation'> {
  readonly id: string;
}

interface Built {
  readonly tree: BuiltTree;
  readonly storage: SegmentStore;
  readonly facts: RunFacts;
}

async function reuseOrBuild(
  parts: SnapshotParts,
  storage: Pick<SegmentStore, 'put' | 'commit'>,
  facts: RunFacts,
): Promise<BuiltTree> {
  const { same } = parts.recorder;
  return same === undefined
    ? await build(parts, storage, facts)
    : withLost(treeOf(same), facts.lost);
}

async function build(
  { recorder, options }: SnapshotParts,
  storage: Pick<SegmentStore, 'put' | 'commit'>,
  { lost }: RunFacts,
): Promise<BuiltTree> {
  const tree = await recorder.builder.build(inTurns(storage, options.signal));
  await storage.commit();
  return withLost(tree, lost);
}

/**
 * Names of objects may have gone since the run has met them. While it holds them none goes; when some
 * have gone by then, it looks at all again first. After some rounds, as beside a long gc, it looks
 * under the hold.
 */
async function publishWhenWhole(parts: SnapshotParts, built: Built): Promise<Published> {
  const { half, options } = parts;
  const { tree, storage, facts } = built;
  return await whileKept(half, half.opened.generation, {
    before: async () => {
      await hearSignals();
      options.signal?.throwIfAborted();
    },
    look: (isHeld) => (isHeld ? storeAgain(parts, built) : beside(() => storeAgain(parts, built))),
    take: async (generation) => {
      const added = facts.bytesStored + storage.counts.addedBytes;
      return { id: await publish(parts, tree, { added, generation }), generation };
    },
    signal: options.signal,
  });
}

/**
 * A gc may take segments that no reference names yet, just before they are read: what is built of
 * them is built again. Throws what is damaged all the same.
 */
async function beside<T>(step: () => Promise<T>): Promise<T> {
  for (let round = 1; ; round++)
    try {
      return await step();
    } catch (error) {
      if (codeOf(error) !== 'INGOT_DAMAGED' || round >= ROUNDS) throw error;
    }
}

/** What has gone of the segments, and of what they name. */
async function storeAgain(parts: SnapshotParts, { tree, storage, facts }: Built): Promise<void> {
  const { recorder, records, options } = parts;
  if (recorder.same !== undefined) records!.addAllLines(recorder);
  recorder.same = undefined;
  await build(parts, storage, facts);
  const entries = new TreeReader(storage, tree.root).below('');
  await storeMissing(entries, { ...parts, signal: options.signal });
}

/** The event loop polls between two of its turns: a signal that has come is heard by then. */
async function hearSignals(): Promise<void> {
  await nextTurn();
  await nextTurn();
}

/** Gives the id. */
async function publish(
  { engine, half, plan, options }: SnapshotParts,
  tree: BuiltTree,
  { added, generation = '0' }: { added: number; generation: string | undefined },
): Promise<string> {
  const time = Date.now();
  const before = await idsIn(await engine.openReader('references'));
  const reference: Reference = {
    ...{ id: newId(time, before.filter(isSnapshotId).at(-1)), time, label: options.label },
    ...{ host: options.host ?? os.hostname(), user: userName(), version: packageVersion() },
    sources: sourcesOf(plan),
    ...{ users: userNames(tree.uids), groups: groupNames(tree.gids) },
    ...{ root: tree.root, counts: tree.counts, added, generation },
    ...{ complete: tree.complete, lacks: tree.lacks },
  };
  const group = half.openGroup('references');
  try {
    group.stage(reference.id, encodeReference(reference));
    await group.commit();
  } finally {
    group.discard();
  }
  return reference.id;
}

function reportOf(
  { root, complete, lacks }: BuiltTree,
  bytesAdded: number,
  { label }: SnapshotParts['options'],
  id?: string,
): SnapshotReport {
  const { digest, entries, size } = root;
  return { id, label, root: digest, entries, size, bytesAdded, complete, lacks };
}

/** The tree of a snapshot. Owners without a name on that host are not in its tables. */
export function treeOf({ root, counts, complete, lacks, users, groups }: Reference): BuiltTree {
  const numbers = (names: Reference['users']) => names.map(([id]) => id);
  return { root, counts, complete, lacks, uids: numbers(users), gids: numbers(groups) };
}

/** Nobody knows what else a source had that is gone. */
function withLost(tree: BuiltTree, lost: number): BuiltTree {
  if (lost === 0) return tree;
  const lacks = [...tree.lacks, ['lost-source', lost] as const];
  return { ...tree, complete: false, lacks: lacks.sort(([a], [b]) => (a < b ? -1 : 1)) };
}

function sourcesOf({ sources, list }: SnapshotParts['plan']): SourceName[] {
  const named = sources.map(({ path, realPath }) => ({ given: path, real: realPath }));
  // What a list names lies where its paths begin.
  return list === undefined ? named : [...named, { given: list.file, real: realPathOf('.') }];
}

function userName(): string {
  try {
    return os.userInfo().username;
  } catch {
    // It has no entry among the users.
    return String(process.getuid?.());
  }
}

async function openSegments(engine: Engine): Promise<ReadHalf<Digest> | undefined> {
  try {
    return await engine.openReader('segments');
  } catch (error) {
    if (codeOf(error) !== 'INGOT_NO_STORE') throw error;
    return undefined;
  }
}

/** Stores nothing, and counts what would be added. */
class DrySegments implements Pick<SegmentStorage, 'put'> {
  readonly counts = { addedBytes: 0 };
  readonly #reader: ReadHalf<Digest> | undefined;

  constructor(reader: ReadHalf<Digest> | undefined) {
    this.#reader = reader;
  }

  async put(bytes: Uint8Array): Promise<Digest> {
    const digest = digestOf(bytes);
    const found = await this.#reader?.stat(digest);
    if (found === undefined) this.counts.addedBytes += bytes.length;
    return digest;
  }

  async commit(): Promise<void> {}
}

/** Signals wait for the event loop. */
function inTurns(
  storage: Pick<SegmentStorage, 'put'>,
  signal: AbortSignal | undefined,
): Pick<SegmentStorage, 'put'> {
  const turns = new Turns({ signal });
  return {
    put: async (bytes) => {
      if (turns.isDue()) await turns.take();
      return storage.put(bytes);
    },
  };
}
