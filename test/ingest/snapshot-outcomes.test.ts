/** When an ingest records a snapshot, whether that is complete, and what is said of it. */
import fs from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { ingest, openSnapshot, snapshots } from 'ingot';
import { beforeEach, describe, expect, it, test } from 'vitest';
import { freezeAtStage } from '../harness/at-stage.ts';
import { newStore } from '../harness/ingest-tree.ts';
import { ingot, script, UNPRIVILEGED } from '../harness/run.ts';
import { expectWholeSnapshots } from '../harness/store-checks.ts';
import { makeTree, temporaryDirectory } from '../harness/tree.ts';
import { at, entriesIn, pathsOf, recorded } from './snapshots.ts';

let source: string;
let store: string;
beforeEach(() => {
  const root = temporaryDirectory();
  source = makeTree({ 'a/f': 'f', 'b/g': 'g', top: 'top' }, join(root, 'source'));
  store = join(root, 'store');
});

const run = (...options: string[]) =>
  ingot(['ingest', source, '--store', store, '--json', '--no-progress', ...options]);
const idsIn = (root: string) =>
  fs.existsSync(join(root, '.ingot/snapshots'))
    ? fs.readdirSync(join(root, '.ingot/snapshots'))
    : [];
const segmentsIn = (root: string) => fs.readdirSync(join(root, '.ingot/segments')).sort();

describe('no snapshot is made', () => {
  it.each([['--durability=none'], ['--no-snapshot'], ['--dry-run']])('with %s', (option) => {
    const { code, stdout } = run(option);
    expect(code).toBe(0);
    expect(JSON.parse(stdout).snapshot?.id).toBeUndefined();
    expect(idsIn(store)).toEqual([]);
    expect(fs.existsSync(join(store, '.ingot/segments'))).toBe(false);
  });

  it('by put', () => {
    expect(ingot(['put', join(source, 'top'), '--store', store]).code).toBe(0);
    expect(idsIn(store)).toEqual([]);
  });

  it('by a run that fails or is aborted, whose report says so', async () => {
    const failing = ingest(store, [source], {
      report: 'all',
      onEntry: () => {
        throw new Error('the caller fails');
      },
    });
    await expect(failing).rejects.toThrow('the caller fails');
    const stop = new AbortController();
    const aborted = ingest(store, [source], {
      ...{ signal: stop.signal, report: 'all', onEntry: () => stop.abort() },
    });
    await expect(aborted).rejects.toMatchObject({
      ...{ interrupted: true, report: { snapshot: undefined } },
    });
    expect(idsIn(store)).toEqual([]);
  });

  it('where a label is given and none can be made', () => {
    for (const option of ['--no-snapshot', '--durability=none']) {
      const { code, stderr } = run('--label', 'l', option);
      expect(stderr).toMatch(/^ingot: no label without a snapshot: [^\n]*\n$/);
      expect(code).toBe(2);
    }
    expect(fs.existsSync(store)).toBe(false);
  });
});

describe('a dry run', () => {
  it('says what the snapshot would be, and makes nothing', async () => {
    const dry = await ingest(store, [source], { dryRun: true, label: 'l' });
    expect(fs.existsSync(store)).toBe(false);
    const { report } = await recorded([source], { label: 'l' }, store);
    expect(dry.snapshot).toEqual({ ...report.snapshot, id: undefined });
    const [ids, segments] = [idsIn(store), segmentsIn(store)];
    const again = await ingest(store, [source], { dryRun: true });
    expect(again.snapshot).toMatchObject({ root: report.snapshot!.root, bytesAdded: 0 });
    expect([idsIn(store), segmentsIn(store)]).toEqual([ids, segments]);
  });
});

describe('a snapshot that lacks something', () => {
  it('names what could not be read or changed, is incomplete, and the run exits with 3', async () => {
    fs.chmodSync(join(source, 'a/f'), 0);
    fs.chmodSync(join(source, 'b'), 0);
    const ended = script(
      `${UNPRIVILEGED} $INGOT ingest ${source} --store ${store} --json --no-progress`,
    );
    expect(ended.code).toBe(3);
    const { snapshot } = JSON.parse(ended.stdout);
    expect(snapshot).toMatchObject({ complete: false, lacks: [['EACCES', 2]] });
    const entries = await entriesIn(store, snapshot.id);
    expect(pathsOf(entries)).toEqual(['', 'a', 'a/f', 'b', 'top']);
    expect(at(entries, 'a/f', 'missing').why).toBe('EACCES');
    expect(at(entries, 'b', 'directory').lacks).toBe('EACCES');
    const { reference } = await openSnapshot(store, 'latest');
    expect(reference).toMatchObject({ complete: false, lacks: [['EACCES', 2]] });
    fs.chmodSync(join(source, 'b'), 0o700);
  });

  it('is complete where only vanished entries are missing', async () => {
    const frozen = await freezeAtStage(
      ['ingest', source, '--store', store, '--threads', '1', '--json', '--no-progress'],
      { stage: 'read', nth: 1 },
    );
    for (const path of ['a/f', 'b/g', 'top']) fs.rmSync(join(source, path));
    frozen.child.kill('SIGCONT');
    const { code, stdout } = await frozen.end;
    expect(code).toBe(0);
    const { snapshot, outcomes } = JSON.parse(stdout);
    expect(outcomes.vanished).toBeGreaterThan(1);
    expect(snapshot).toMatchObject({ complete: true, lacks: [['vanished', outcomes.vanished]] });
    const entries = await entriesIn(store, snapshot.id);
    expect(entries.filter(({ type }) => type === 'missing').length).toBe(outcomes.vanished);
  });

  it('says so when a source went away', async () => {
    const frozen = await freezeAtStage(
      ['ingest', source, '--store', store, '--threads', '1', '--json', '--no-progress'],
      { stage: 'read', nth: 1 },
    );
    fs.renameSync(source, `${source}-moved`);
    frozen.child.kill('SIGCONT');
    const { code, stdout } = await frozen.end;
    expect(code).toBe(3);
    const { snapshot } = JSON.parse(stdout);
    expect(snapshot.complete).toBe(false);
    expect(snapshot.lacks).toContainEqual(['lost-source', 1]);
    expect(expectWholeSnapshots(store)).toEqual([snapshot.id]);
  });
});

describe('the report and the reference say', () => {
  it('what was recorded, where, by whom, and what is new', async () => {
    const before = Date.now();
    const { report } = await recorded([source], { label: 'nightly', host: 'h' }, store);
    const { id, root, entries, size, bytesAdded } = report.snapshot!;
    const { reference } = await openSnapshot(store, 'nightly');
    expect(reference).toMatchObject({
      ...{ id, label: 'nightly', host: 'h', user: os.userInfo().username },
      sources: [{ given: source, real: fs.realpathSync(source) }],
      counts: { directories: 3, files: 3, links: 0, missing: 0 },
      ...{ complete: true, lacks: [], added: report.bytesWritten + bytesAdded },
    });
    expect(reference.root).toMatchObject({ digest: root, entries, size });
    expect([entries, size]).toEqual([6, 'fgtop'.length]);
    expect(reference.time).toBeGreaterThanOrEqual(before);
    const sizes = segmentsIn(store).map(
      (name) => fs.statSync(join(store, '.ingot/segments', name)).size,
    );
    expect(bytesAdded).toBe(sizes.reduce((sum, each) => sum + each, 0));
    expect(fs.readFileSync(join(store, '.ingot/generation'), 'utf8').trim()).toBe(
      reference.generation,
    );
  });

  it('this host where none is given, and the file of a list', async () => {
    const list = join(makeTree({ list: `${source}/top\n` }), 'list');
    const { report } = await recorded([join(source, 'a')], { filesFrom: list, as: ['n'] }, store);
    const { reference } = await openSnapshot(store, report.snapshot!.id!);
    expect(reference.host).toBe(os.hostname());
    expect(reference.sources).toEqual([
      { given: join(source, 'a'), real: fs.realpathSync(join(source, 'a')) },
      { given: list, real: process.cwd() },
    ]);
  });

  it('it in a line for people', () => {
    const lines = ingot(['ingest', source, '--store', store, '--label', 'one']).stdout;
    const [id] = idsIn(store);
    expect(lines).toContain(`  snapshot ${id} (one): 6 entries, `);
    fs.chmodSync(join(source, 'top'), 0);
    const incomplete = script(`${UNPRIVILEGED} $INGOT ingest ${source} --store ${store}2`);
    expect(incomplete.stdout).toContain('\n  it is INCOMPLETE: EACCES 1\n');
    const dry = ingot(['ingest', source, '--store', store, '-n']).stdout;
    expect(dry).toMatch(/\n {2}snapshot would be of root [0-9a-f]{64}: 6 entries, /);
  });

  it.each(['a/b', 'a:b', 'a~b', 'latest', '', 'a\nb', '20261130T140203Z-3f2a9c1e'])(
    'no label that cannot be named: %j',
    async (label) => {
      await expect(ingest(store, [source], { label })).rejects.toMatchObject({
        name: 'UsageError',
      });
      expect(fs.existsSync(store)).toBe(false);
    },
  );
});

test('a second snapshot of the same tree has the same root, and adds no segment', async () => {
  const first = await recorded([source], {}, store);
  const segments = segmentsIn(store);
  const second = await recorded([source], { label: 'l' }, store);
  expect(second.report.snapshot).toMatchObject({
    ...{ root: first.report.snapshot!.root, bytesAdded: 0 },
  });
  expect(segmentsIn(store)).toEqual(segments);
  const { snapshots: all } = await snapshots(store);
  expect(all.map(({ id }) => id)).toEqual([first, second].map(({ report }) => report.snapshot!.id));
});

test('a segment that is there with other bytes is stored anew', async () => {
  const { report } = await recorded([source], {}, store);
  const path = join(store, '.ingot/segments', report.snapshot!.root);
  const { size } = fs.statSync(path);
  fs.rmSync(path);
  fs.writeFileSync(path, Buffer.alloc(size, 'x'));
  const again = await recorded([source], {}, store);
  expect(again.report.snapshot).toMatchObject({ root: report.snapshot!.root, bytesAdded: size });
  expect(expectWholeSnapshots(store).length).toBe(2);
});

test('a store in a source is not in its snapshot, whether it was there before or not', async () => {
  const inside = join(source, 'a/store');
  for (let n = 0; n < 2; n++) {
    const { entries } = await recorded([source], {}, inside);
    expect(pathsOf(entries)).toEqual(['', 'a', 'a/f', 'b', 'b/g', 'top']);
  }
});

test('an empty source makes a snapshot of an empty directory', async () => {
  const { entries, report } = await recorded([makeTree({})], {}, newStore());
  expect(pathsOf(entries)).toEqual(['']);
  expect(report.snapshot).toMatchObject({ entries: 1, size: 0, complete: true });
});
