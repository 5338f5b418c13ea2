import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { endAtStage, type Landing } from '../harness/at-stage.ts';
import { demandNamelessTemps } from '../harness/mounts.ts';
import { NOT_EMPTY, plant, WRONG_BYTES } from '../harness/planted.ts';
import { ingot, tempsIn } from '../harness/run.ts';
import { expectWhole, expectWholeSnapshots, objectsIn } from '../harness/store-checks.ts';
import { makeTree, temporaryDirectory } from '../harness/tree.ts';

const FILES = 12;
const BYTES = 100;

let source: string;
let store: string;
beforeEach(() => {
  const root = temporaryDirectory();
  source = join(root, 'source');
  store = join(root, 'store');
  for (let n = 0; n < FILES; n++) makeTree({ [`d${n % 3}/f${n}`]: randomBytes(BYTES) }, source);
});

/** One object, and two temps of a writer that is dead. */
function makeStore(): void {
  ingot(['ingest', makeTree({ first: 'first' }), '--store', store, '-q']);
  makeTree(
    { lock: 'flat\n', '1/1': 'half', '1/2': 'half' },
    join(store, '.tmp-dead0000000000000000000000000000'),
  );
}

const run = (landing: Omit<Landing, 'signal'>, ...options: string[]) =>
  endAtStage(['ingest', source, '--store', store, '--threads', '1', '-q', ...options], {
    ...landing,
    signal: 'SIGKILL',
  });

/** What a process that was killed has left: the sizes of its temps in their order. */
function tempSizes(): number[] {
  return tempsIn(store)
    .flatMap((writer) => [writer, `${writer}/1`])
    .filter((folder) => fs.existsSync(join(store, folder)))
    .flatMap((folder) => fs.readdirSync(join(store, folder)).map((name) => join(folder, name)))
    .filter((path) => /\/\d+\/\d+$/.test(path))
    .sort((a, b) => Number(a.split('/').at(-1)) - Number(b.split('/').at(-1)))
    .map((path) => fs.statSync(join(store, path)).size);
}

/** Every object is whole; the next run sweeps `dead` writers, stores the rest and leaves no temp. */
function expectRecovery(dead: number): void {
  for (const name of tempsIn(store)) expect(fs.existsSync(join(store, name, 'lock'))).toBe(true);
  const next = ingot(['ingest', source, '--store', store, '--json']);
  expect(next).toMatchObject({ code: 0 });
  expect(JSON.parse(next.stdout)).toMatchObject({ swept: dead, outcomes: { unfinished: 0 } });
  expect(tempsIn(store)).toEqual([]);
  expect(expectWhole(store).length).toBe(objectsIn(store).length);
  expect(expectWholeSnapshots(store)).toContain(JSON.parse(next.stdout).snapshot.id);
}

const TEMP_OF_FORMAT = /^store\.json\.ingot\.tmp-/;

/** What is left of attempts to write store.json. */
function metadataTemps(): string[] {
  return fs.readdirSync(join(store, '.ingot')).filter((name) => TEMP_OF_FORMAT.test(name));
}

/** What is there when a run was killed at a landing, `how` being its barrier. */
interface Killed extends Omit<Landing, 'signal'> {
  readonly how: string;
  readonly temps: readonly number[];
  readonly objects: number;
  readonly dead: number;
  /** That of the run is there. Default false. */
  readonly recorded?: boolean;
}

async function expectKillBorne(killed: Killed): Promise<void> {
  const { stage, nth, how, temps, objects, dead, recorded } = killed;
  makeStore();
  const ended = await run({ stage, nth }, how);
  expect(ended).toMatchObject({ code: null, signal: 'SIGKILL', stdout: '' });
  expectWhole(store, tempsIn(store));
  expect(tempSizes()).toEqual(temps);
  expect(objectsIn(store).length).toBe(objects);
  expect(expectWholeSnapshots(store).length).toBe(recorded ? 2 : 1);
  expectRecovery(dead);
  expect(objectsIn(store).length).toBe(1 + FILES);
}

const whole = (count: number) => Array.from({ length: count }, () => BYTES);

/** Its reference has its name. */
const RECORDED: Omit<Killed, 'how'> = {
  ...{ stage: 'recorded', nth: 1, temps: [], objects: 1 + FILES, dead: 1, recorded: true },
};

describe('an ingest that is killed', () => {
  beforeEach((context) => demandNamelessTemps(context, 1));

  it('while it creates the store leaves none, and the next run creates it', async () => {
    await run({ stage: 'create', nth: 1 });
    expect(fs.readdirSync(join(store, '.ingot'))).toEqual([expect.stringMatching(TEMP_OF_FORMAT)]);
    expectRecovery(1);
    expect(metadataTemps()).toEqual([]);
    expect(objectsIn(store).length).toBe(FILES);
  });

  it.each<Killed>([
    { stage: 'sweep', nth: 2, how: '--barrier=auto', temps: [4], objects: 1, dead: 1 },
    { stage: 'sweep', nth: 3, how: '--barrier=auto', temps: [], objects: 1, dead: 1 },
    { stage: 'walk', nth: 1, how: '--barrier=auto', temps: [], objects: 1, dead: 1 },
    // Files without a name are gone with who had them open.
    { stage: 'read', nth: 5, how: '--barrier=auto', temps: [], objects: 1, dead: 1 },
    { stage: 'stage', nth: 5, how: '--barrier=auto', temps: [], objects: 1, dead: 1 },
    { stage: 'read', nth: 5, how: '--read-ahead=8', temps: [], objects: 1, dead: 1 },
    { stage: 'barrier', nth: 1, how: '--barrier=auto', temps: [], objects: 1, dead: 1 },
    { stage: 'publish', nth: 5, how: '--barrier=auto', temps: [], objects: 5, dead: 1 },
    { stage: 'read', nth: 5, how: '--barrier=fsync', temps: whole(4), objects: 1, dead: 1 },
    {
      stage: 'stage',
      nth: 5,
      how: '--barrier=fsync',
      temps: [...whole(4), BYTES / 2],
      objects: 1,
      dead: 1,
    },
    {
      stage: 'barrier',
      nth: 5,
      how: '--barrier=fsync',
      temps: whole(FILES),
      objects: 1,
      dead: 1,
    },
    {
      stage: 'barrier',
      nth: 5,
      how: '--durability=file',
      temps: whole(5),
      objects: 1,
      dead: 1,
    },
    {
      stage: 'publish',
      nth: 5,
      how: '--barrier=fsync',
      temps: whole(FILES - 4),
      objects: 5,
      dead: 1,
    },
    { stage: 'flush', nth: 1, how: '--barrier=auto', temps: [], objects: 1 + FILES, dead: 1 },
    { stage: 'segment', nth: 1, how: '--barrier=auto', temps: [], objects: 1 + FILES, dead: 1 },
    { stage: 'reference', nth: 1, how: '--barrier=fsync', temps: [], objects: 1 + FILES, dead: 1 },
    { ...RECORDED, how: '--barrier=auto' },
  ])(
    'at $stage $nth, $how, leaves whole objects and its temps, which the next run sweeps',
    expectKillBorne,
  );

  it.each([
    [1, 'is written'],
    [2, 'gets its name'],
  ])(
    'at the moment (%i) when its manifest %s leaves the old one, and a temp that the next removes',
    async (nth) => {
      const folder = temporaryDirectory();
      const manifest = join(folder, 'manifest');
      fs.writeFileSync(manifest, 'old');
      await run({ stage: 'manifest', nth }, '--manifest', manifest);
      expect(fs.readFileSync(manifest, 'utf8')).toBe('old');
      expect(fs.readdirSync(folder).length).toBe(2);
      const next = ingot(['ingest', source, '--store', store, '-q', '--manifest', manifest]);
      expect(next).toMatchObject({ code: 0, stderr: '' });
      expect(fs.readdirSync(folder)).toEqual(['manifest']);
      expect(fs.readFileSync(manifest, 'utf8').trimEnd().split('\n').length).toBe(FILES);
    },
  );
});

describe('the trial of kills finds', () => {
  it('an object that has its name before its bytes', async () => {
    plant('nameFirst');
    const landing = { stage: 'stage', nth: 5, how: '--barrier=auto' } as const;
    const temps = [...whole(4), BYTES / 2];
    const borne = expectKillBorne({ ...landing, temps, objects: 1, dead: 1 });
    await expect(borne).rejects.toThrow(WRONG_BYTES);
  });

  it('a reference whose segments have no names', async () => {
    plant('loseSegments');
    const borne = expectKillBorne({ ...RECORDED, how: '--barrier=auto' });
    await expect(borne).rejects.toThrow(NOT_EMPTY);
  });

  it('temps that the next run does not sweep', async () => {
    await run({ stage: 'stage', nth: 5 });
    plant('neverSweep');
    expect(() => expectRecovery(1)).toThrow(NOT_EMPTY);
  });
});

describe('a relayout that is killed', () => {
  it.each([1, 2])(
    'when it writes store.json (%i) leaves a temp of it that the next ingest sweeps',
    async (nth) => {
      makeStore();
      const relayout = ['relayout', '--to', 'sharded', '--store', store, '-q'];
      await endAtStage(relayout, { stage: 'format', nth, signal: 'SIGKILL' });
      expect(metadataTemps().length).toBe(1);
      expectRecovery(2);
      expect(metadataTemps()).toEqual([]);
      expect(ingot(relayout)).toMatchObject({ code: 0, stderr: '' });
      expect(objectsIn(store).length).toBe(1 + FILES);
    },
  );
});
