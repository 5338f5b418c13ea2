/**
 * Ingests that hit, store anew and record the very objects that gc is about to take; puts, forgets,
 * relayouts to and fro and quarantines beside them; each of them killed now and then. All the while
 * every snapshot that exists has all that it names.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { gc, ingest } from 'ingot';
import { describe, expect, it, onTestFinished } from 'vitest';
import { nodeFileOps } from '../../dist/src/files/file-ops.js';
import { catalogOf } from '../../dist/src/snapshot/catalog.js';
import { StoredSegments } from '../../dist/src/snapshot/store-segments.js';
import { TreeReader } from '../../dist/src/snapshot/tree-reader.js';
import { LocalEngine } from '../../dist/src/store/local/engine.js';
import { holdNames } from '../../dist/src/store/local/hold.js';
import { lookForObjects } from '../../dist/src/store/local/upkeep/look-for-objects.js';
import { environment, ingot } from '../harness/run.ts';
import { expectWhole, expectWholeSnapshots } from '../harness/store-checks.ts';
import { makeTree, temporaryDirectory } from '../harness/tree.ts';

const RACER = fileURLToPath(new URL('../fixtures/gc-race.mjs', import.meta.url));
const SECONDS = Number(process.env.INGOT_RACE_SECONDS ?? 12);
/** A defect may take its time. */
const FOUND_BY_SECONDS = 90;

type Role = 'ingest' | 'forget' | 'gc' | 'put' | 'relayout' | 'verify';
const ALL: readonly Role[] = [
  ...(['ingest', 'ingest', 'ingest', 'ingest'] as const),
  ...(['gc', 'gc', 'forget', 'put', 'relayout', 'verify'] as const),
];

interface Racing {
  readonly roles: readonly Role[];
  readonly kills: boolean;
  /** Of some role, what it does wrong. */
  readonly defect?: { readonly of: readonly Role[]; readonly what: string };
  readonly seconds: number;
}

interface Raced {
  /** What a snapshot lacked while it was there, the first time. */
  readonly lost: string | undefined;
  readonly done: Readonly<Record<Role, number>>;
  readonly kills: number;
  readonly failures: readonly string[];
}

class Race {
  readonly #store: string;
  readonly #folder = temporaryDirectory();
  readonly #options: Racing;
  readonly #children = new Map<number, ChildProcess>();
  readonly done: Record<Role, number> = {
    ...{ ingest: 0, forget: 0, gc: 0, put: 0, relayout: 0, verify: 0 },
  };
  readonly failures: string[] = [];
  #isOver = false;

  constructor(store: string, options: Racing) {
    this.#store = store;
    this.#options = options;
    onTestFinished(() => this.end());
    for (const at of options.roles.keys()) this.#start(at);
  }

  #start(at: number): void {
    const role = this.#options.roles[at]!;
    const { defect } = this.#options;
    const env = defect?.of.includes(role) ? { DEFECT: defect.what } : {};
    const child = spawn(process.execPath, [RACER, role, this.#store, join(this.#folder, `${at}`)], {
      env: environment(env),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#children.set(at, child);
    let text = '';
    child.stdout!.on('data', (chunk) => {
      text += chunk;
      const lines = text.split('\n');
      text = lines.pop()!;
      for (const line of lines) {
        if (line.startsWith('!')) this.failures.push(`${role}: ${line}`);
        else if (/^( |$|[0-9A-Za-z])/.test(line)) this.done[role]++;
      }
    });
    child.on('close', () => {
      if (!this.#isOver) this.#start(at);
    });
  }

  /** By its own process, never by name. */
  killOne(): void {
    const children = [...this.#children.values()];
    children[Math.floor(Math.random() * children.length)]!.kill('SIGKILL');
  }

  end(): void {
    this.#isOver = true;
    for (const child of this.#children.values()) child.kill('SIGKILL');
  }
}

/** What a snapshot lacks at a moment at which no name can go. */
async function lostNow(store: string): Promise<string | undefined> {
  const engine = new LocalEngine(store);
  const hold = await holdNames(store, nodeFileOps);
  try {
    const { snapshots, damaged } = await catalogOf(await engine.openReader('references'));
    if (damaged.length > 0) return `reference ${damaged[0]!.id}`;
    const source = new StoredSegments(await engine.openReader('segments'));
    for (const { id, root } of snapshots)
      try {
        for await (const entry of new TreeReader(source, root).below('')) {
          if (entry.type !== 'file') continue;
          const [size] = lookForObjects(store, 'flat', [entry.digest]);
          if (size !== entry.size && fs.existsSync(join(store, '.ingot/snapshots', id)))
            return `snapshot ${id} lacks ${entry.digest}`;
        }
      } catch (error) {
        if (fs.existsSync(join(store, '.ingot/snapshots', id)))
          return `snapshot ${id}: ${(error as Error).message}`;
      }
    return undefined;
  } finally {
    hold.release();
  }
}

async function raced(options: Racing): Promise<Raced & { store: string }> {
  const store = join(temporaryDirectory(), 'store');
  // So that the store is ready for snapshots.
  await ingest(store, [makeTree({ first: 'content 0' })], { threads: 1 });
  const race = new Race(store, options);
  const end = performance.now() + 1000 * options.seconds;
  let lost: string | undefined;
  let kills = 0;
  while (lost === undefined && performance.now() < end) {
    lost = await lostNow(store);
    await delay(30);
    if (!options.kills || Math.random() > 0.03) continue;
    race.killOne();
    kills++;
  }
  race.end();
  await delay(200);
  return { store, lost, kills, done: race.done, failures: race.failures };
}

it(
  'no snapshot that exists lacks anything, whoever runs and is killed beside a gc',
  async () => {
    const { store, lost, done, failures, kills } = await raced({
      roles: ALL,
      kills: true,
      seconds: SECONDS,
    });
    expect(lost).toBeUndefined();
    expect(failures).toEqual([]);
    console.log(JSON.stringify({ ...done, kills }));
    expect(Math.min(done.ingest, done.gc, done.forget, done.put)).toBeGreaterThan(5);
    // The next ones complete.
    expect(ingot(['verify', '--store', store, '--quarantine', '-q'])).toMatchObject({ code: 0 });
    await gc(store, { thisHostOnly: true });
    const ids = expectWholeSnapshots(store);
    expectWhole(
      store,
      fs.readdirSync(store).filter((name) => name.startsWith('.tmp-')),
    );
    for (const id of ids)
      expect(
        ingot(['restore', id, join(temporaryDirectory(), 'back'), '--store', store, '-q']),
      ).toMatchObject({ code: 0 });
  },
  (SECONDS + 60) * 1000,
);

describe('the trial of gc finds', () => {
  it.each<[string, readonly Role[]]>([
    ['no lock', ['gc']],
    ['no second look', ['ingest']],
    ['a release before the publication', ['ingest']],
    ['old marks', ['gc']],
    ['the same generation', ['gc']],
  ])(
    '%s',
    async (what, of) => {
      const roles = ['ingest', 'ingest', 'ingest', 'gc', 'forget'] as const;
      const defect = { of, what };
      const { lost } = await raced({ roles, kills: false, defect, seconds: FOUND_BY_SECONDS });
      expect(lost).toMatch(/lacks|is not in the store/);
    },
    (FOUND_BY_SECONDS + 30) * 1000,
  );
});
