/** What an ingest would do, of the report of a dry run. */
import fs from 'node:fs';
import { dirname } from 'node:path';
import { type FileSystemStats, fileSystemStats } from '../files/disk-space.ts';
import type { IngestReport } from '../ingest/api.ts';
import { bytes, count, counted, duration } from '../units.ts';
import { countLines } from './report.ts';

/** Of the document. */
const VERSION = 1;

type FromReport = Pick<
  IngestReport,
  | 'store'
  | 'entries'
  | 'directories'
  | 'outcomes'
  | 'unsupportedKinds'
  | 'lostSources'
  | 'bytesRead'
  | 'snapshot'
  | 'threads'
  | 'wallMs'
>;

export interface Plan extends FromReport {
  readonly version: typeof VERSION;
  readonly objectsToAdd: number;
  /** Of objects and of the snapshot. */
  readonly bytesToAdd: number;
  /** The file system that has, or would have, the store; undefined where it has none. */
  readonly disk: FileSystemStats | undefined;
  readonly fits: Fits | undefined;
  /** An ingest takes no less. Undefined where it would add no object. */
  readonly atLeastMs: number | undefined;
}

/** `perhaps`: the bytes fit, but not if each object needs another block for its end. */
export type Fits = 'yes' | 'perhaps' | 'no';

/** `folder`: of the store, which may be missing. */
export function planOf(report: IngestReport, folder: string | undefined): Plan {
  const { store, entries, directories, outcomes, unsupportedKinds, lostSources } = report;
  const { bytesRead, bytesWritten, snapshot, threads, wallMs } = report;
  const objectsToAdd = outcomes.new;
  const bytesToAdd = bytesWritten + (snapshot?.bytesAdded ?? 0);
  const disk = folder === undefined ? undefined : fileSystemStats(nearest(folder));
  return {
    version: VERSION,
    ...{ store, entries, directories, outcomes, unsupportedKinds, lostSources },
    ...{ objectsToAdd, bytesToAdd, disk },
    fits: disk && fitsOn(disk, { objects: objectsToAdd, bytes: bytesToAdd, entries }),
    atLeastMs: objectsToAdd > 0 ? wallMs : undefined,
    ...{ bytesRead, snapshot, threads, wallMs },
  };
}

/** A path that is there: itself, or the directory in which it would be made. */
function nearest(path: string): string {
  return fs.existsSync(path) ? path : nearest(dirname(path));
}

/** The last block of an object is not full, and its name takes room, too. Most blocks are as large. */
const BLOCK_BYTES = 4096;
/** Files of a snapshot: segments have some 512 entries, and 64 at least. */
const SEGMENT_ENTRIES = 64;
/** The folders of a new store, which may be sharded, and what lies in `.ingot`. */
const STORE_INODES = 300;

export interface Needs {
  readonly objects: number;
  readonly bytes: number;
  readonly entries: number;
}

/** Whether what is needed has room, as far as anybody can say before it is written. */
export function fitsOn(disk: FileSystemStats, { objects, bytes, entries }: Needs): Fits {
  // Without a fixed number, inodes are made as they are needed.
  const inodesFree = disk.inodes === 0 ? Number.POSITIVE_INFINITY : disk.inodesFree;
  if (bytes > disk.bytesFree || objects > inodesFree) return 'no';
  const inodes = objects + Math.ceil(entries / SEGMENT_ENTRIES) + STORE_INODES;
  const most = bytes + (objects + 1) * BLOCK_BYTES;
  return most > disk.bytesFree || inodes > inodesFree ? 'perhaps' : 'yes';
}

/** Some lines, each ended by a newline. */
export function planText(plan: Plan, report: IngestReport): string {
  const lines = [
    ...countLines(report),
    `  ${added(plan)}`,
    ...(plan.disk === undefined ? [] : [`  ${room(plan.disk, plan.fits!)}`]),
    'PLAN: nothing was stored',
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function added({ objectsToAdd, bytesToAdd, atLeastMs }: Plan): string {
  if (atLeastMs === undefined) return 'nothing to add: the store has all that was read';
  const what = `${counted(objectsToAdd, 'object')}, ${bytes(bytesToAdd)}`;
  return `would add ${what}, in at least ${duration(atLeastMs)}: so long reading and hashing took`;
}

function room({ type, bytesFree, inodes, inodesFree }: FileSystemStats, fits: Fits): string {
  const free = `${bytes(bytesFree)} free${inodes === 0 ? '' : `, ${count(inodesFree)} inodes`}`;
  return `${VERDICTS[fits]}: ${type} with ${free}`;
}

const VERDICTS: Readonly<Record<Fits, string>> = {
  yes: 'it fits on the disk',
  perhaps: 'it may NOT FIT on the disk',
  no: 'it does NOT FIT on the disk',
};
