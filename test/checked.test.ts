/** What the types forbid, given to every function that users import. Runs the built package. */
import fs from 'node:fs';
import { join } from 'node:path';
import {
  diff,
  doctor,
  exportBag,
  exportTar,
  find,
  history,
  ingest,
  openSnapshot,
  parseDigest,
  relayout,
  Store,
  selftest,
  snapshots,
  storeStats,
  UsageError,
  verify,
} from 'ingot';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeTree, temporaryDirectory } from './harness/tree.ts';

type Call = (store: string, options?: object) => Promise<unknown>;

const any = <T>(value: unknown): T => value as T;

/** One argument each: vitest would take an array for the arguments. */
const each = (...values: readonly unknown[]): [unknown][] => values.map((value) => [value]);

const ON_A_STORE: Readonly<Record<string, Call>> = {
  ingest: (store, options) => ingest(store, [], options),
  verify,
  relayout: (store, options) => relayout(store, 'flat', options),
  storeStats,
  'Store.open': (store, options) => Store.open(store, options),
  doctor,
  selftest,
  openSnapshot: (store, options) => openSnapshot(store, 'latest', options),
  diff: (store, options) => diff(store, 'latest', 'latest', options).next(),
  find: (store, options) => find(store, 'x', options).next(),
  history: (store, options) => history(store, 'x', options).next(),
  exportTar: async (store, options) => exportTar(store, 'latest', options),
  exportBag: async (store, options) => exportBag(store, 'latest', options),
};

const BAD_PATHS = [
  undefined,
  null,
  7,
  '',
  'a\0b',
  'not UTF-8 \udcff',
  Buffer.from('store'),
  new URL('file:///tmp/store'),
];

const FLAGS = [0, 'no', null, {}];
const CALLBACKS = ['f', {}, null, true];
const SIGNALS = [
  {},
  null,
  'SIGINT',
  new AbortController(),
  { aborted: false, addEventListener() {} },
];
const COUNTS = [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '2', 2n, null];
const READ_AHEAD = [-1, 4097, 1.5, Number.NaN, '8', 'all', null];
const THREADS = [...COUNTS, 1025, 100_000];
const WORDS = ['', 'Group', 7, null, Symbol('group'), Object.create(null)];
const LISTS = ['*.x', [7], [null], {}, null];
const PATHS = [7, '', 'a\0b', null, ['a']];

const OPTIONS: Readonly<Record<string, Readonly<Record<string, readonly unknown[]>>>> = {
  ingest: {
    durability: WORDS,
    barrier: WORDS,
    layout: WORDS,
    threads: THREADS,
    batchFiles: COUNTS,
    readAhead: READ_AHEAD,
    verifyHits: FLAGS,
    dryRun: FLAGS,
    exclude: LISTS,
    excludeFrom: [...LISTS, ['']],
    filesFrom: PATHS,
    nul: FLAGS,
    oneFileSystem: FLAGS,
    manifest: PATHS,
    journal: PATHS,
    retry: PATHS,
    signal: SIGNALS,
    onProgress: CALLBACKS,
    countAhead: FLAGS,
    onEntry: CALLBACKS,
    report: WORDS,
    onNotice: CALLBACKS,
  },
  verify: {
    sample: [0, -1, 5, Number.NaN, '0.5', null],
    quarantine: FLAGS,
    threads: THREADS,
    readAhead: READ_AHEAD,
    signal: SIGNALS,
    onProgress: CALLBACKS,
    countAhead: FLAGS,
    onDamaged: CALLBACKS,
    onUnreadable: CALLBACKS,
    snapshot: [7, null, ['a']],
    repairFrom: [...PATHS, 's3://bucket'],
    onTrees: CALLBACKS,
    onDamagedSnapshot: CALLBACKS,
    onRepaired: CALLBACKS,
    onLost: CALLBACKS,
  },
  relayout: { signal: SIGNALS, onProgress: CALLBACKS, onWaiting: CALLBACKS },
  'Store.open': { create: FLAGS, layout: WORDS, durability: WORDS },
  doctor: {
    threads: THREADS,
    expectedObjects: [-1, 1.5, '2', null],
    budgetMs: [0, -1, Number.NaN, '2', null],
    onProbe: CALLBACKS,
    signal: SIGNALS,
  },
  openSnapshot: { onNotice: CALLBACKS },
  diff: { checksum: FLAGS, signal: SIGNALS, onUnreadable: CALLBACKS },
  find: { snapshots: LISTS, signal: SIGNALS, onDamaged: CALLBACKS },
  history: { label: [7, null, ['a']], signal: SIGNALS, onDamaged: CALLBACKS },
  exportTar: { signal: SIGNALS, onMissing: CALLBACKS, onEntry: CALLBACKS },
  exportBag: { onLink: CALLBACKS },
  selftest: { trials: [...LISTS, ['nothing']], onTrial: CALLBACKS, signal: SIGNALS },
};

let here: string;
let before: string;
beforeEach(() => {
  before = process.cwd();
  here = temporaryDirectory();
  process.chdir(here);
});
afterEach(() => process.chdir(before));

/** In one line, and nothing is made of it. */
async function expectUsageError(call: () => Promise<unknown>): Promise<void> {
  const error = await Promise.resolve()
    .then(call)
    .then(
      () => 'it was taken',
      (thrown: unknown) => thrown,
    );
  expect(error).toBeInstanceOf(UsageError);
  expect((error as UsageError).message).toMatch(/^(cannot use|wrong|unknown|not a) .+/);
  expect((error as UsageError).message).not.toContain('\n');
  expect(fs.readdirSync('.')).toEqual([]);
}

describe.each(Object.entries(ON_A_STORE))('%s', (name, call) => {
  it.each(BAD_PATHS)('refuses %j as the path of its store', async (path) => {
    await expectUsageError(() => call(any(path)));
  });

  it.each(name === 'storeStats' ? [] : each(null, 'fast', 7, []))(
    'refuses %j as its options',
    async (options) => {
      await expectUsageError(() => call('store', any(options)));
    },
  );

  const cases = Object.entries(OPTIONS[name] ?? {}).flatMap(([option, values]) =>
    values.map((value) => ({ option, value })),
  );
  it.each(cases)('refuses $option of $value', async ({ option, value }) => {
    await expectUsageError(() => call('store', { [option]: value }));
  });
});

it.each(each('./tree', undefined, null, [7], [''], ['a\0b'], [undefined]))(
  'ingest refuses %j as its sources',
  async (sources) => {
    await expectUsageError(() => ingest('./store', any(sources)));
  },
);

it.each(each(undefined, null, 7, [], Symbol('latest')))(
  '%j is no name of a snapshot, no pattern, no path',
  async (value) => {
    await expectUsageError(() => openSnapshot('./store', any(value)));
    await expectUsageError(() => diff('./store', any(value), 'latest').next());
    await expectUsageError(() => diff('./store', 'latest', any(value)).next());
    await expectUsageError(() => find('./store', any(value)).next());
    await expectUsageError(() => history('./store', any(value)).next());
  },
);

it.each(BAD_PATHS)('snapshots refuses %j as the path of its store', async (path) => {
  await expectUsageError(() => snapshots(any(path)));
});

it('relayout refuses an unknown layout', async () => {
  for (const layout of WORDS) await expectUsageError(() => relayout('./store', any(layout)));
});

it.each(each(undefined, null, 7, {}, [], '', 'a\0b', new ArrayBuffer(1), Promise.resolve()))(
  'put refuses %j as its source, and takes no writer for it',
  async (source) => {
    const store = await Store.open(join(temporaryDirectory(), 's'), { create: true });
    const names = fs.readdirSync(store.root);
    await expectUsageError(() => store.put(any(source)));
    expect(fs.readdirSync(store.root)).toEqual(names);
  },
);

it.each(SIGNALS)('put refuses a signal that is %j', async (signal) => {
  const store = await Store.open(join(temporaryDirectory(), 's'), { create: true });
  await expectUsageError(() => store.put(Buffer.from('x'), { signal: any(signal) }));
  await expectUsageError(() => store.put(Buffer.from('x'), any(signal === null ? null : 'fast')));
});

it.each([undefined, null, 7, {}, 'G'.repeat(64)])('%j is no digest', async (digest) => {
  const store = await Store.open(join(temporaryDirectory(), 's'), { create: true });
  await expectUsageError(async () => parseDigest(any(digest)));
  await expectUsageError(() => store.get(any(digest)));
  await expectUsageError(() => store.has(any(digest)));
  await expectUsageError(() => store.stat(any(digest)));
});

it('a digest in capitals is the same one', async () => {
  const store = await Store.open(join(temporaryDirectory(), 's'), { create: true });
  const { digest } = await store.put(Buffer.from('x'));
  const capitals = any<typeof digest>(digest.toUpperCase());
  expect(await store.has(capitals)).toBe(true);
  expect(await store.stat(capitals)).toMatchObject({ digest, size: 1 });
  expect(String(Buffer.concat(await (await store.get(capitals)).toArray()))).toBe('x');
});

it('all find the same store by a path that leads through a link and back', async () => {
  const tree = makeTree({
    'sources/a': 'content',
    'there/folder/b': 'somewhere else',
    link: { symlink: 'there/folder' },
  });
  process.chdir(tree);
  const path = 'link/../st';
  await ingest(path, ['sources']);
  expect((await storeStats(path)).objects).toBe(1);
  expect((await verify(path)).checked).toBe(1);
  expect((await Store.open(path)).root).toBe(join(tree, 'st'));
  expect((await relayout(path, 'sharded')).moved).toBe(1);
  expect((await storeStats(path)).root).toBe(join(tree, 'st'));
});

it('undefined is as good as an option that is not given', async () => {
  const options = Object.fromEntries(Object.keys(OPTIONS.ingest!).map((name) => [name, undefined]));
  expect((await ingest('./store', [], options)).entries).toBe(0);
});
