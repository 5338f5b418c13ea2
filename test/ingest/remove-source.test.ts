/** Ingests that remove what they have taken: what may go, and when nothing may. */

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { type IngestOptions, ingest, restore } from 'ingot';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { digestOf } from '../../src/digest.ts';
import { demandMounts, demandProgram, mountTmpfs } from '../harness/mounts.ts';
import { ingot, script, UNPRIVILEGED } from '../harness/run.ts';
import { expectWhole } from '../harness/store-checks.ts';
import { ingotInjected } from '../harness/strace.ts';
import {
  directoryInMemory,
  makeTree,
  type TreeLiteral,
  temporaryDirectory,
} from '../harness/tree.ts';
import { untilCertain } from '../harness/until-certain.ts';
import { look } from '../restore/snapshots.ts';
import { LATER, overwriteQuietly, runIngest, sourceAndStore } from './again.ts';
import { contentsOf } from './main/removal/removing.ts';

const TREE: TreeLiteral = {
  ...{ a: 'one', 'd/b': 'two', 'd/e/c': 'three', 'd/e/same': 'one' },
  ...{
    'd/link': { symlink: 'nowhere' },
    'd/empty': { directory: true },
    'odd \udcff\udc0a': 'odd',
  },
};

/** The source, and what is in it. */
const ALL = 10;

/** More than go within a twentieth of a second. */
const MANY = 6_000;

const REMOVE = ['--remove-source', '--yes'];

/** An ingest that removes, by a clock that is ahead. Gives its report and exit code. */
function removing(store: string, sources: readonly string[], flags: readonly string[] = []) {
  const ended = runIngest(store, sources, [...REMOVE, ...flags], { names: false });
  const events = ended.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const stayed = events.filter(({ event }) => event === 'stayed');
  const notices = events.filter(({ event }) => event === 'notice').map(({ text }) => text);
  const last = events.at(-1);
  return { ...ended, report: last.report ?? last, stayed, notices };
}

describe('an ingest that removes its sources', () => {
  it('leaves nothing, and the snapshot has all', async () => {
    const { source, store } = sourceAndStore(TREE);
    const before = look(source);
    const { code, report, stderr } = removing(store, [source]);
    expect([code, stderr]).toEqual([0, '']);
    expect(report.removed).toMatchObject({ files: 5, links: 1, directories: 3, stayed: [] });
    expect(report.removed).toMatchObject({ bytes: 17, gone: 0, notEmpty: 0 });
    expect(fs.readdirSync(source)).toEqual([]);
    const back = join(temporaryDirectory(), 'back');
    await restore(store, 'latest', back);
    expect(look(back).slice(1)).toEqual(before.slice(1));
  });

  it('leaves what is too young, and takes it next time', () => {
    const { source, store } = sourceAndStore(TREE);
    const young = runIngest(store, [source], REMOVE, { now: true, names: false });
    expect(young.code).toBe(3);
    expect(look(source).length).toBe(1 + 8);
    expect(JSON.parse(young.stdout.trimEnd().split('\n').at(-1)!).removed).toMatchObject({
      ...{ files: 0, links: 0, directories: 1, bytes: 0 },
      stayed: [['too-young', 6]],
    });
    expect(removing(store, [source])).toMatchObject({ code: 0 });
    expect(fs.readdirSync(source)).toEqual([]);
  });

  it('takes named files, and leaves the directories that lead to sources', () => {
    const { source, store } = sourceAndStore(TREE);
    const sources = [join(source, 'd/e'), join(source, 'a'), join(source, 'd')];
    const { code, report } = removing(store, sources);
    expect([code, report.removed.gone]).toEqual([0, 0]);
    expect(fs.readdirSync(source, { recursive: true }).sort()).toEqual([
      'd',
      'd/e',
      'odd \ufffd\n',
    ]);
  });

  it('finds a source under the name that it has in the snapshot', () => {
    const { source, store } = sourceAndStore(TREE);
    const other = makeTree({ x: 'other' });
    const flags = ['--as', 'first', '--as', 'second'];
    expect(removing(store, [source, other], flags)).toMatchObject({ code: 0 });
    expect([...fs.readdirSync(source), ...fs.readdirSync(other)]).toEqual([]);
  });

  it('leaves what it does not take: excludes, store, manifest, journal, fifos', () => {
    const { source } = sourceAndStore({ ...TREE, 'd/no.tmp': 'excluded', fifo: { fifo: true } });
    const at = (name: string) => join(source, name);
    const flags = ['--exclude', '*.tmp', '--manifest', at('manifest'), '--journal', at('journal')];
    const { code, report } = removing(at('store'), [source], flags);
    expect(code).toBe(0);
    expect(report.removed).toMatchObject({ files: 5, directories: 2, notEmpty: 1, stayed: [] });
    const left = fs.readdirSync(source).sort();
    expect(left).toEqual(['d', 'fifo', 'journal', 'manifest', 'store']);
    expect(fs.readdirSync(at('d'))).toEqual(['no.tmp']);
    expect(expectWhole(at('store')).length).toBe(4);
  });

  it('leaves what something is mounted on, emptied', (context) => {
    demandMounts(context);
    const source = mountTmpfs('size=2m');
    makeTree({ a: 'one', 'd/m/x': 'hidden' }, source);
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', join(source, 'd/m')]);
    onTestFinished(() => void execFileSync('umount', [join(source, 'd/m')]));
    makeTree({ 'd/m/b': 'two' }, source);
    const { code, report } = removing(join(directoryInMemory(), 'store'), [source]);
    expect(code).toBe(0);
    expect(report.removed).toMatchObject({ files: 2, directories: 0, notEmpty: 2 });
    expect(fs.readdirSync(source, { recursive: true })).toEqual(['d', 'd/m']);
  });

  it('reads what it relies on back first, and mends it', () => {
    const { source, store } = sourceAndStore(TREE);
    ingot(['ingest', source, '--store', store, '-q'], {
      env: { NODE_OPTIONS: `--import ${LATER}` },
    });
    makeTree({ hit: 'two' }, source);
    for (const name of fs.readdirSync(store).filter((each) => each.length === 64)) {
      fs.chmodSync(join(store, name), 0o644);
      fs.writeFileSync(join(store, name), Buffer.alloc(fs.statSync(join(store, name)).size));
    }
    const { code, report } = removing(store, [source]);
    expect(code).toBe(0);
    expect(report.repaired.length).toBe(4);
    expect(fs.readdirSync(source)).toEqual([]);
    expectWhole(store);
  });

  it('leaves what an ingest without ctimes has believed, until all is read', () => {
    const { source, store } = sourceAndStore(TREE);
    // To the second, so that it can be set back.
    fs.utimesSync(join(source, 'd/b'), 1e9, 1e9);
    runIngest(store, [source]);
    overwriteQuietly(join(source, 'd/b'), 'TWO');
    expect(runIngest(store, [source], ['--ignore-ctime']).code).toBe(0);
    for (const flags of [[], ['--ignore-ctime'], ['--ignore-inode']]) {
      const { code, stayed } = removing(store, [source], flags);
      expect([code, stayed.map(({ why }) => why)]).toEqual([3, ['unsure']]);
      expect(contentsOf(source)).toEqual({ 'd/b': 'TWO' });
    }
    expect(removing(store, [source], ['--rescan'])).toMatchObject({ code: 0 });
    expect(fs.readdirSync(source)).toEqual([]);
    expect(fs.readdirSync(store)).toContain(digestOf(Buffer.from('TWO')));
  });
});

describe('nothing is removed', () => {
  it.each([
    ['the snapshot is incomplete', 'chmod 0 src/d/b', 'the snapshot is incomplete'],
    ['no record can be kept', 'mkdir s/.ingot/x; touch s/.ingot/records', 'no record'],
  ])('when %s', (_, before, why) => {
    const cwd = makeTree({ 'src/d/b': 'two', 'src/a': 'one', 'other/x': 'x' });
    fs.chmodSync(cwd, 0o777);
    const env = { NODE_OPTIONS: `--import ${LATER}` };
    const { code, stderr } = script(
      `$INGOT ingest other --store s -q; rm -r s/.ingot/records; ${before}
      ${UNPRIVILEGED} $INGOT ingest src --store s ${REMOVE.join(' ')}`,
      { cwd, env },
    );
    expect(code).toBe(3);
    expect(stderr).toMatch(`nothing is removed of the sources: `);
    expect(stderr).toContain(why);
    expect(fs.readdirSync(join(cwd, 'src'), { recursive: true }).sort()).toEqual(['a', 'd', 'd/b']);
  });

  it('when the run fails', () => {
    const { source, store } = sourceAndStore(TREE);
    const journal = '/dev/full';
    const { code, stderr } = ingot(
      ['ingest', source, '--store', store, ...REMOVE, '--manifest', journal],
      { env: { NODE_OPTIONS: `--import ${LATER}` } },
    );
    expect(code).toBe(1);
    expect(stderr).toContain('nothing is removed of the sources: the run did not end well');
    expect(look(source).length).toBe(ALL);
  });
});

describe('where a call is missing', () => {
  beforeEach((context) => demandProgram(context, 'strace'));

  it.each([
    ['renameat2', 'ENOSYS', true],
    ['renameat2', 'EINVAL', true],
    ['openat2', 'ENOSYS', true],
    ['statx', 'EPERM', false],
  ])('%s fails with %s: all goes, or nothing: %s', (call, errno, goes) => {
    const { source, store } = sourceAndStore(TREE);
    const args = ['ingest', source, '--store', store, '--threads', '1', '-q', ...REMOVE];
    const inject = `${call}:error=${errno}`;
    const { code, stderr } = ingotInjected([...args], { inject, imports: [LATER] });
    const said = 'ingot: nothing is removed of the sources: this machine keeps back calls';
    expect([code, stderr.startsWith(said), stderr === '']).toEqual([goes ? 0 : 3, !goes, goes]);
    expect(fs.existsSync(source) && fs.readdirSync(source).length > 0).toBe(!goes);
  });
});

describe('the library', () => {
  const all = fs.mkdtempSync(join(os.tmpdir(), 'ingot-test-'));
  const places: { source: string; store: string }[] = [];
  afterAll(() => fs.rmSync(all, { recursive: true, force: true }));
  beforeAll(async () => {
    for (let n = 0; n < 7; n++) {
      const [source, store] = [join(all, `${n}`, 'source'), join(all, `${n}`, 'store')];
      places.push({ source: makeTree(TREE, source), store });
    }
    many = { source: join(all, 'many'), store: join(all, 'store') };
    makeTree(
      Object.fromEntries(Array.from({ length: MANY }, (_, n) => [`f${n}`, ''])),
      many.source,
    );
    await untilCertain();
  });
  let many: (typeof places)[number];
  let source: string;
  let store: string;
  beforeEach(() => {
    ({ source, store } = places.pop()!);
  });

  it('asks when the snapshot is made, and removes nothing when the answer is no', async () => {
    const notices: string[] = [];
    const report = await ingest(store, [source], {
      onNotice: (text) => void notices.push(text),
      removeSource: async ({ snapshot, sources }) => {
        expect(sources).toEqual([source]);
        expect(snapshot.complete).toBe(true);
        await restore(store, snapshot.id!, join(all, 'back'));
        return false;
      },
    });
    expect(report.removed).toBeUndefined();
    expect(look(source)).toEqual(look(join(all, 'back')));
    expect(notices).toEqual(['nothing is removed of the sources: the answer was no']);
  });

  it('names what stays', async () => {
    const stayed: string[] = [];
    const report = await ingest(store, [source], {
      onStayed: ({ path, why, failure }) => void stayed.push(`${path} ${why} ${failure.code}`),
      removeSource: () => {
        fs.writeFileSync(join(source, 'a'), 'other');
        return true;
      },
    });
    expect(stayed).toEqual([`${join(source, 'a')} changed INGOT_CHANGED`]);
    expect(report.removed?.stayed).toEqual([['changed', 1]]);
  });

  it('says how far it is', async () => {
    const states: [done: number, share: number | undefined][] = [];
    const report = await ingest(many.store, [many.source], {
      removeSource: true,
      onRemoving: ({ entriesDone, entriesFound, fractionDone }) => {
        expect(entriesFound).toBe(MANY + 1);
        states.push([entriesDone, fractionDone]);
      },
    });
    expect(report.removed?.files).toBe(MANY);
    expect(states[0]).toEqual([0, 0]);
    const [done, share] = states.at(-1)!;
    expect(done).toBeGreaterThan(0);
    expect(share).toBeCloseTo(done / (MANY + 1), 5);
  });

  it('rejects with the report when it is aborted, and the snapshot stays', async () => {
    const controller = new AbortController();
    const run = ingest(store, [source], {
      signal: controller.signal,
      removeSource: () => {
        controller.abort();
        return true;
      },
    });
    const error = await run.then(undefined, (thrown) => thrown);
    expect(error).toMatchObject({ code: 'INGOT_INTERRUPTED', interrupted: true });
    expect(error.report).toMatchObject({ removed: { files: 0 }, snapshot: { complete: true } });
    expect(error.message).toContain(error.report.snapshot.id);
    expect(look(source).length).toBe(ALL);
  });

  it.each(['removeSource', 'onRemoving', 'onStayed'] as const)(
    'rejects with what %s throws',
    async (name) => {
      const thrown = new Error('of the caller');
      const fail = () => {
        throw thrown;
      };
      const options: IngestOptions =
        name === 'removeSource'
          ? { removeSource: fail }
          : {
              [name]: fail,
              removeSource: () => Boolean(fs.writeFileSync(join(source, 'a'), '')) || true,
            };
      await expect(ingest(store, [source], options)).rejects.toBe(thrown);
      expect(fs.readFileSync(join(source, 'd/b'), 'utf8')).toBe('two');
    },
  );
});

it.each<[string, IngestOptions]>([
  ['a dry run', { dryRun: true }],
  ['no snapshot', { snapshot: false }],
  ['nothing durable', { durability: 'none' }],
  ['a list', { filesFrom: '-' }],
  ['a retry', { retry: 'journal' }],
])('the library refuses to remove sources with %s', async (_, options) => {
  const run = ingest(join(temporaryDirectory(), 'store'), [], { ...options, removeSource: true });
  await expect(run).rejects.toMatchObject({ name: 'UsageError', code: 'INGOT_USAGE' });
});
