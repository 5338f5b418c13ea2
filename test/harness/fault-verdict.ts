/** What has to hold after a command in which one system call failed. */
import fs from 'node:fs';
import { expect } from 'vitest';
import type { Cell } from './fault-matrix.ts';
import type { Role, Site } from './fault-sites.ts';
import type { Bench, Trial } from './fault-trial.ts';
import { tempsIn } from './run.ts';
import { type Counts, expectWhole, expectWholeSnapshots } from './store-checks.ts';
import type { Injected } from './strace.ts';

const FAILED = 1;
/** Of `verify`, when it could not look at something. */
const UNREADABLE = 3;
/** Of `verify`, when it has found damage. */
const DAMAGED = 4;

/**
 * It has ended by itself with the exit code of the design and a line that names path and errno;
 * nothing is torn, told wrongly or left behind; no flush that failed was made again.
 */
export function expectVerdict(
  ended: Injected,
  cell: Cell,
  site: Site,
  trial: Trial,
  bench: Bench,
): void {
  expect(codesOf(cell, site, trial, bench), ended.stderr).toContain(ended.code);
  if (trial.done === DAMAGED && ended.code !== FAILED) expectNamed(ended, cell, site);
  else if (ended.code !== trial.done) expectLine(ended, cell, bench);
  if (cell.error !== 'EINTR') expectNoSecondFlush(ended, cell, site);
  if (!fs.existsSync(bench.store)) return;
  if (!mayLeaveTemps(cell, site)) expect(ownTemps(bench)).toEqual([]);
  expectTruth(ended, trial, bench);
}

function codesOf(cell: Cell, site: Site, trial: Trial, { source }: Bench): number[] {
  const { family, error } = cell;
  const { role, path } = site;
  const { done, unreadable } = trial;
  const opening = family.name === 'open';
  // What is defined to be retried: a call that a signal interrupted, and the opening of a source
  // for which an ingest found no descriptor.
  if (error === 'EINTR') return [done];
  if (role === 'source' && error === 'EMFILE') return [unreadable === FAILED ? FAILED : done];
  if (role === 'source') return path === source ? [FAILED, unreadable] : [unreadable];
  // What may not be moved stays, and keeps no other from being moved: a relayout comes to it again,
  // a verify names it beside the damage.
  if (role === 'object' && family.name === 'rename' && error === 'EACCES') return [FAILED, done];
  // Nor does a folder that may not be listed keep others from being looked at.
  const isOfObjects = role === 'store' || role === 'shard';
  if (isOfObjects && opening && error === 'EACCES' && done === DAMAGED)
    return [FAILED, done, UNREADABLE];
  if (isOfMove(cell, site, trial)) return [FAILED, done];
  // An object that a verify cannot read is damaged, or named with the cause where that lies elsewhere.
  if (role === 'object' && done === DAMAGED) return [FAILED, done];
  // A hint.
  if (role === 'large index') return [done];
  // Of what is removed it only matters that it is gone; what stays is swept on the next open.
  if (/\.tmp-/.test(path) && ['unlink', 'stat', 'readdir'].includes(family.name))
    return [FAILED, done];
  // Nor is a folder of temps opened for anything else.
  if (role === 'temp folder' && opening) return [FAILED, done];
  // A relayout makes room for missing shards.
  if (role === 'shard' && error === 'ENOSPC') return [FAILED, done];
  // What another user keeps to himself in quarantine is not looked at.
  const looking = opening || family.name === 'stat';
  if (role === 'quarantine' && looking && error === 'EACCES') return [FAILED, done];
  // The rights of what is another user's are left as they are.
  if (FOLLOWING.has(role) && family.name === 'stat' && error === 'EACCES') return [FAILED, done];
  // Where no rename can put an output, it is written in place.
  if (role === 'manifest' && family.name === 'rename' && error === 'EACCES') return [done];
  // Whether an output lies in the store is seen without what lies above and may not be looked at.
  if (role === 'parent' && family.name === 'stat' && error === 'EACCES') return [FAILED, done];
  // The temps of another user are not ours to sweep.
  if (isOfWriter(role) && opening && error === 'EACCES') return [FAILED, done];
  return [FAILED];
}

/** By such a call a damaged object is moved to quarantine, or it is made sure that it may be moved. */
function isOfMove({ family }: Cell, { role }: Site, { done }: Trial): boolean {
  const permits = PERMITTING.has(role) && family.name !== 'unlink';
  return done === DAMAGED && (MOVING.has(family.name) || permits);
}

const PERMITTING: ReadonlySet<Role> = new Set([
  ...(['format', 'store', 'metadata', 'store lock', 'generation'] as const),
  ...(['relayout lock', 'quarantine'] as const),
]);
/** What gets its rights from the store's directory. */
const FOLLOWING: ReadonlySet<Role> = new Set([
  ...(['relayout lock', 'store lock', 'generation', 'snapshot folder'] as const),
]);

/** A verify that goes on names what it could not look at, and what kept the object from being moved. */
function expectNamed({ code, stdout }: Injected, cell: Cell, site: Site): void {
  const isWhole = code === DAMAGED && JSON.parse(stdout).quarantined === 1;
  const isRead = site.role === 'object' && !MOVING.has(cell.family.name);
  const isDamage = isRead && cell.error === 'EIO';
  if (!isWhole && !isDamage) expect(stdout).toContain(cell.error);
}

/** The calls by which a damaged object is moved to quarantine. */
const MOVING: ReadonlySet<string> = new Set(['rename', 'mkdir']);

const isOfWriter = (role: Site['role']) => ['temp', 'temp folder', 'lock'].includes(role);

/** Those of a dead writer may stay when a run ends before it has swept them. */
const ownTemps = ({ store }: Bench) => tempsIn(store).filter((name) => /^\.tmp-0+$/.test(name));

/** The fault may have been in the removal itself. */
function mayLeaveTemps({ family }: Cell, { role }: Site): boolean {
  if (family.name === 'unlink' || family.name === 'stat') return isOfWriter(role);
  return role === 'temp folder' && ['open', 'readdir'].includes(family.name);
}

/** After the remarks one line, and no stack; it names something of the trial, and the errno. */
function expectLine({ stderr }: Injected, { error }: Cell, { root }: Bench): void {
  const lines = stderr.split('\n').filter((line) => !line.startsWith('ingot: note: '));
  expect(lines).toEqual([expect.stringMatching(`^ingot: .*${root}.*\\(${error}\\)`), '']);
}

/** What a failed flush was to save is neither flushed again nor given its name. */
function expectNoSecondFlush({ calls }: Injected, { family }: Cell, { path }: Site): void {
  if (family.name !== 'fsync' && family.name !== 'syncfs') return;
  const after = calls.slice(calls.findIndex((call) => call.includes('(INJECTED)')) + 1);
  const again = after.filter((call) => / (fsync|syncfs|rename|link|linkat)\(/.test(call));
  // With syncfs all temps with a name are watched, and none may be renamed any more.
  expect(again, `after the failed flush of ${path}`).toEqual([]);
}

interface Reported extends Counts {
  readonly snapshot?: { readonly id?: string };
}

/** Every object and snapshot is whole, and what is said to be stored is there. */
function expectTruth({ code, stdout }: Injected, { damaged }: Trial, bench: Bench): void {
  const { store, manifest } = bench;
  const stored = new Set(expectWhole(store, [...tempsIn(store), damaged ?? '']));
  for (const digest of listedIn(manifest)) expect(stored).toContain(digest);
  const ids = damaged === undefined ? expectWholeSnapshots(store) : [];
  if (!stdout.startsWith('{')) return;
  const document = JSON.parse(stdout) as Partial<Reported> & { report?: Reported };
  const { outcomes, snapshot } = document.report ?? document;
  if (snapshot?.id !== undefined) expect(ids).toContain(snapshot.id);
  if (outcomes === undefined) return;
  expect(stored.size).toBeGreaterThanOrEqual(outcomes.new!);
  if (code === 0) expect(outcomes).toMatchObject({ unfinished: 0, unreadable: 0, vanished: 0 });
}

/** The digests in a manifest; none where there is no manifest. */
function listedIn(manifest: string): string[] {
  if (!fs.existsSync(manifest)) return [];
  return fs
    .readFileSync(manifest, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => line.slice(0, 64));
}
