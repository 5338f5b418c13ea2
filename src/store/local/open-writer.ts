/**
 * How a store is opened for writing:
 *
 *   look → share → sweep → make ready for snapshots → settle moves → flush metadata → take writer
 *     → mark → try a temp → read the generation
 *
 * Each step says why it stands where it does. In short: what dead processes left is put right
 * before this writer is there; store.json is durable before anything of this writer is in the
 * store; and a writer that flushes nothing has left its mark, durably, before its first object.
 */

import { join } from 'node:path';
import { requireOneOf } from '../../checked.ts';
import { failed } from '../../errors.ts';
import { type FileOps, flushDirectory, openDirectory, type StoreFd } from '../../files/file-ops.ts';
import { nodeFiles } from '../../native/files.ts';
import { type Libc, loadLibc } from '../../native/libc.ts';
import { BARRIERS, type BarrierKind, DURABILITIES, LAYOUTS, SHARINGS } from '../choices.ts';
import type { WriteOptions } from '../seam/write.ts';
import { holdNames } from './hold.ts';
import { createStore } from './on-disk/create-store.ts';
import { denialIn } from './on-disk/denial.ts';
import { listEveryObject } from './on-disk/every-object.ts';
import { checkLayout, METADATA, readFormat, type StoreFormat } from './on-disk/format.ts';
import { requireShards } from './on-disk/shards.ts';
import { shareStore } from './on-disk/share-store.ts';
import { requireLocks } from './on-disk/store-lock.ts';
import { chooseBarrier } from './publish/barrier.ts';
import { NAMED_TEMPS, type OpenTemps, openTemps } from './publish/open-temps.ts';
import { type TempsHere, tryTemp } from './publish/try-temp.ts';
import { quarantined } from './upkeep/objects-lost.ts';
import { prepareSnapshots } from './upkeep/prepare-snapshots.ts';
import { settleMoves } from './upkeep/quarantine.ts';
import { markUnflushed, unflushedMarks } from './upkeep/unflushed.ts';
import type { LocalWorkerInit } from './worker-half.ts';
import { sweepDead } from './writers/sweep-dead.ts';
import { Writer } from './writers/writer.ts';

const READS_BACK =
  'a run with --durability none has stored objects here: all are read back from the disk at the end';

/** A store open for writing. Its owner closes the writer and the descriptor. */
export interface OpenWriter {
  readonly workerInit: LocalWorkerInit;
  /** Undefined in a dry run. */
  readonly writer: Writer | undefined;
  /** Of the store's directory; undefined in a dry run without a store. */
  readonly rootFd: StoreFd | undefined;
  readonly libc: Libc | undefined;
  /** Temps of dead writers that were removed. */
  readonly swept: number;
  /** What lay in quarantine. */
  readonly quarantined: ReadonlySet<string>;
  /** What the user should know of this place. */
  readonly notices: readonly string[];
  /** Undefined in a dry run, and in a store of format 1. */
  readonly generation: string | undefined;
}

/** What the steps know of the store that they open. */
interface Place {
  readonly root: string;
  readonly ops: FileOps;
  readonly libc: Libc | undefined;
  /** As store.json was found or created. */
  readonly format: StoreFormat;
  /** store.json was there, whoever wrote it. */
  readonly wasFound: boolean;
  /** False only in a dry run, which creates no store. */
  readonly exists: boolean;
  readonly barrier: BarrierKind;
  readonly dryRun: boolean;
  /** This writer promises durability. */
  readonly flushes: boolean;
}

/**
 * Opens a store for writing, and creates it if it is missing. Throws an IngotError; no writer and
 * no descriptor is left then.
 */
export async function openWriter(
  root: string,
  options: WriteOptions,
  ops: FileOps,
): Promise<OpenWriter> {
  const { durability, verifyHits, dryRun, groups } = options;
  const seen = await look(root, options, ops);
  // Before the later steps write: on a full disk the room that they need may be in dead temps.
  const swept = options.dryRun ? 0 : await sweepDead(root, { ...seen, quickly: groups === 0 });
  const place = await prepare(seen, options);
  const { format, barrier, libc } = place;
  settle(place);
  const wasEmpty = isEmpty(place);
  const rootFd = openRoot(place);
  let writer: Writer | undefined;
  try {
    const hasUnflushed = place.exists && unflushedMarks(root).length > 0;
    flushFoundFormat(place, wasEmpty || hasUnflushed);
    writer = takeWriter(place);
    flushNewerFormat(place, writer);
    mark(place, writer);
    // Not before: only the writer's format says where objects will go.
    if (writer?.format.layout === 'sharded') requireShards(root);
    const { temps, modeRefusal } = tempsOf(
      place,
      writer,
      openTemps(durability, barrier, Math.max(1, groups)),
    );
    const workerInit: LocalWorkerInit = {
      root,
      format: writer?.format ?? format,
      writerFolder: writer?.folder ?? '',
      durability,
      barrier,
      wasEmpty,
      verifyHits,
      dryRun,
      setsModes: modeRefusal === undefined,
      ...temps,
    };
    const notices = modeRefusal === undefined ? [] : [modeRefusal];
    // What workers have met as a hit counts as durable at the end.
    if (hasUnflushed && place.flushes && groups > 0) notices.push(READS_BACK);
    const generation = await generationOf(place, options.signal);
    return {
      ...{ workerInit, writer, rootFd, libc, swept, quarantined: quarantined(root), notices },
      generation,
    };
  } catch (error) {
    writer?.close();
    if (rootFd !== undefined) ops.closeSync(rootFd);
    if (error === options.signal?.reason) throw error;
    throw failed('cannot open the store', error, { path: root, ...denialIn(root, error) });
  }
}

/**
 * First, since nothing may be touched in a directory that is no store, or one of an unknown format.
 * Creates a missing store. Its layout is checked even then: another process may have created it at
 * this very moment.
 */
async function look(root: string, options: WriteOptions, ops: FileOps): Promise<Place> {
  const { dryRun } = options;
  const durability = requireOneOf('durability', DURABILITIES, options.durability);
  requireOneOf('barrier', BARRIERS, options.barrier);
  const found = readFormat(root);
  const layout = requireOneOf('layout', LAYOUTS, options.layout ?? 'flat');
  const sharing = options.sharing && requireOneOf('shared', SHARINGS, options.sharing);
  const libc = await loadLibc();
  // Before a store is made for nothing.
  if (!dryRun && (options.snapshots || found?.format === 2)) await requireLocks(root);
  const format =
    found ?? (dryRun ? { format: 1, layout } : createStore(root, layout, ops, libc, sharing));
  checkLayout(root, format, options.layout);
  // Before anything is made in it, which has the rights of the store's directory.
  if (found !== undefined && !dryRun) shareStore(root, found, sharing, ops);
  const wasFound = found !== undefined;
  const exists = wasFound || !dryRun;
  const barrier = exists ? chooseBarrier(options.barrier, root, libc) : 'fsync';
  const flushes = durability !== 'none' && !dryRun;
  return { root, ops, libc, format, wasFound, exists, barrier, dryRun, flushes };
}

/**
 * Before this writer is there: a relayout that is under way may wait for writers. After the sweep,
 * which makes room.
 */
async function prepare(place: Place, options: WriteOptions): Promise<Place> {
  const { root, libc, ops, dryRun } = place;
  if (!options.snapshots || dryRun) return place;
  const { signal, onWaiting } = options;
  const format = await prepareSnapshots(root, { libc: libc!, ops, signal, onWaiting });
  return { ...place, format };
}

/**
 * Before the first look at objects: one that a cut-off quarantine left aside may be sound, and was
 * reported as stored. Back in its place it is a hit.
 */
function settle({ root, format, ops, dryRun }: Place): void {
  if (!dryRun) settleMoves(root, format.layout, ops);
}

/** After moves are settled, since a store that was empty is never asked for hits. */
function isEmpty({ root, exists }: Place): boolean {
  if (!exists) return true;
  for (const _ of listEveryObject(root)) return false;
  return true;
}

/** Before this run writes anything: write-back errors are reported to descriptors opened before them. */
function openRoot({ root, ops, exists }: Place): StoreFd | undefined {
  if (!exists) return undefined;
  try {
    return openDirectory(ops, root);
  } catch (error) {
    throw failed('cannot open the store', error, { path: root, ...denialIn(root, error) });
  }
}

/**
 * Before this writer makes its folder: if a power cut took store.json and left a folder, the
 * directory would count as somebody else's. The process that wrote store.json may have been killed
 * before it was durable. Once a writer that flushes has stored an object it is durable for sure.
 */
function flushFoundFormat(place: Place, mayBeUnflushed: boolean): void {
  if (place.wasFound && place.flushes && mayBeUnflushed) flushMetadata(place);
}

/** From here on a relayout waits for this writer. One that came first gave it the new format. */
function takeWriter({ root, format, libc, ops, dryRun }: Place): Writer | undefined {
  return dryRun ? undefined : Writer.open(root, format, libc, ops);
}

/** The same for a store.json that a relayout wrote since `look`: only now is that known. */
function flushNewerFormat(place: Place, writer: Writer | undefined): void {
  if (writer !== undefined && writer.format !== place.format && place.flushes) flushMetadata(place);
}

function flushMetadata({ root, ops }: Place): void {
  flushDirectory(ops, join(root, METADATA));
}

/** After the writer is there, since what is tried goes with its folder. */
function tempsOf(
  { libc }: Place,
  writer: Writer | undefined,
  wanted: OpenTemps,
): { readonly temps: OpenTemps } & Pick<TempsHere, 'modeRefusal'> {
  if (writer === undefined) return { temps: wanted, modeRefusal: undefined };
  const here = tryTemp(writer.folder, wanted.namelessTemps, libc?.files ?? nodeFiles);
  const isOffered = here.nameless || !wanted.namelessTemps;
  return { temps: isOffered ? wanted : NAMED_TEMPS, modeRefusal: here.modeRefusal };
}

/** Before the first look-up: names that go later make it another one. */
async function generationOf(
  { root, ops, dryRun }: Place,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  if (dryRun) return undefined;
  const { generation, release } = await holdNames(root, ops, signal);
  release();
  return generation;
}

/**
 * After the writer is there, since the mark has its name; before its first object, which a power
 * cut may take. As long as the writer's lock is held, nobody removes the mark.
 */
function mark({ root, ops, flushes }: Place, writer: Writer | undefined): void {
  if (writer !== undefined && !flushes) markUnflushed(root, writer.folder, ops);
}
