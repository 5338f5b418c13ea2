/** Lets the system calls of a command fail one after the other, and looks at what is left. */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, it } from 'vitest';
import { CELLS, type Cell, FAMILIES, type Family } from './fault-matrix.ts';
import { type Site, sitesOf } from './fault-sites.ts';
import { expectVerdict } from './fault-verdict.ts';
import { demandProgram } from './mounts.ts';
import { ingotInjected, ingotTraced, tempPath } from './strace.ts';

/** Where a trial keeps everything: the same paths in every run. */
export interface Bench {
  readonly root: string;
  readonly source: string;
  readonly store: string;
  /** Its folder is empty when the command begins. */
  readonly manifest: string;
}

export interface Trial {
  readonly name: string;
  /** Which kinds of fault a short run tries: every other one, from this one on. */
  readonly from: 0 | 1;
  makeSource(bench: Bench): void;
  /** Brings the store into the state that the command begins with. */
  makeStore(bench: Bench): void;
  args(bench: Bench): readonly string[];
  /** How it ends without a fault. */
  readonly done: number;
  /** How it ends when a source cannot be read: an ingest goes on with the others. */
  readonly unreadable: 1 | 3;
  /** An object that is damaged from the beginning. */
  readonly damaged?: string;
  /** Expects that the command, without faults, now does what is left to do. */
  complete(bench: Bench): void | Promise<void>;
}

/** All with INGOT_FAULTS=all; else one of every other kind, chosen by INGOT_FAULTS_SEED. */
const ALL = process.env.INGOT_FAULTS === 'all';
const SEED = Number(process.env.INGOT_FAULTS_SEED ?? 1);

/** A long run tries up to 60 places in one test, a second each. */
const TIMEOUT_MS = 300_000;

/** Registers a test for every kind of fault. */
export function runMatrix(trial: Trial): void {
  const bench = makeBench();
  let sites: Map<Family, Site[]> | undefined;
  let injected = 0;
  beforeEach((context) => demandProgram(context, 'strace'));
  afterAll(() => {
    fs.rmSync(bench.root, { recursive: true, force: true });
    console.log(`${trial.name}: ${injected} faults injected`);
  });
  describe(`${trial.name}: a call that fails ends it soundly`, () => {
    const cells = ALL ? CELLS : CELLS.filter((_, n) => n % 2 === trial.from);
    it.each(cells)('$family.name with $error', { timeout: TIMEOUT_MS }, async (cell) => {
      sites ??= record(trial, bench);
      for (const site of chosen(sites.get(cell.family) ?? [], cell)) {
        await tryFault(trial, bench, cell, site);
        injected++;
      }
    });
  });
}

export function makeBench(): Bench {
  const root = fs.realpathSync(fs.mkdtempSync(join(os.tmpdir(), 'ingot-faults-')));
  const [source, store] = [join(root, 'source'), join(root, 'store')];
  return { root, source, store, manifest: join(root, 'out', 'manifest') };
}

/** Runs without faults. Gives the places where other runs can fail. */
export function record(trial: Trial, bench: Bench): Map<Family, Site[]> {
  trial.makeSource(bench);
  prepare(trial, bench);
  const syscalls = FAMILIES.flatMap((family) => family.syscalls);
  const { code, stderr, calls } = ingotTraced(trial.args(bench), ['-e', `trace=${syscalls}`]);
  if (code !== trial.done) throw new Error(`it fails without a fault: ${stderr}`);
  return sitesOf(calls, bench.root);
}

/** Lets one call fail. Throws an error that names it when anything is not as it has to be. */
export async function tryFault(
  trial: Trial,
  bench: Bench,
  { family, error }: Cell,
  site: Site,
  imports: readonly string[] = [],
): Promise<void> {
  const { syscall, path, when, role, occurrence } = site;
  prepare(trial, bench);
  try {
    const ended = ingotInjected(trial.args(bench), {
      inject: `${syscall}:error=${error}:when=${when}`,
      on: [path, ...(family.name === 'syncfs' ? temps(bench) : [])],
      trace: ['fsync', 'syncfs', 'rename', 'link', 'linkat'],
      imports,
    });
    expectVerdict(ended, { family, error }, site, trial, bench);
    await trial.complete(bench);
  } catch (cause) {
    const call = `${syscall} number ${when} on ${path} (${role}, ${occurrence})`;
    throw new Error(`${call} with ${error}: ${(cause as Error).message}`, { cause });
  }
}

function prepare(trial: Trial, bench: Bench): void {
  const out = join(bench.manifest, '..');
  for (const folder of [bench.store, out]) fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(out);
  trial.makeStore(bench);
}

/** All that the only worker of a run can make, by the names of a writer of fixed-writer.mjs. */
function temps({ store }: Bench): string[] {
  return Array.from({ length: 32 }, (_, n) => tempPath(store, n));
}

function chosen(all: readonly Site[], { family, error }: Cell): readonly Site[] {
  const possible = all.filter(({ creates }) => creates || !family.creating?.includes(error));
  if (ALL || possible.length === 0) return possible;
  return [possible[randomBelow(possible.length, `${family.name} ${error}`)]!];
}

/** The same for the same seed. */
function randomBelow(limit: number, what: string): number {
  return createHash('sha256').update(`${SEED} ${what}`).digest().readUInt32LE() % limit;
}
