import fs from 'node:fs';
import { join } from 'node:path';
import { ingest, type Progress } from 'ingot';
import { expect, test } from 'vitest';
import { canCount, countSources } from '../../../src/ingest/main/count-ahead.ts';
import { nodeDirectoryOps } from '../../../src/sources/walk/directory.ts';
import { planWalk, type WalkOptions } from '../../../src/sources/walk/walk-sources.ts';
import { makeTree } from '../../harness/tree.ts';

/** What is counted, and what a run with the same options then reports. */
async function countAndIngest(cwd: string, { sources, ...options }: WalkOptions) {
  const store = join(cwd, 'src/store');
  await ingest(store, [join(cwd, 'src/a')], {});
  const plan = await planWalk({ ...options, sources });
  const surroundings = { storeRoot: store, ops: nodeDirectoryOps };
  const { entries, bytes } = await countSources(plan, surroundings);
  const report = await ingest(store, sources, { ...options } as object);
  return { counted: { entries, bytes }, ran: { entries: report.entries, bytes: report.bytesRead } };
}

const TREE = {
  'src/a': 'hello',
  'src/deep/er/b.txt': 'some text',
  'src/deep/left.out': 'nobody wants it',
  'src/deep/c': 'x'.repeat(5000),
  list: '',
};

test.each<[string, (cwd: string) => WalkOptions]>([
  ['a tree with the store in it', (cwd) => ({ sources: [join(cwd, 'src')] })],
  ['what patterns leave out', (cwd) => ({ sources: [join(cwd, 'src')], exclude: ['*.out', 'er'] })],
  [
    'sources that lie in each other',
    (cwd) => ({ sources: [join(cwd, 'src'), join(cwd, 'src/deep'), join(cwd, 'src/a')] }),
  ],
  [
    'a list',
    (cwd) => {
      const list = join(cwd, 'list');
      fs.writeFileSync(
        list,
        `${join(cwd, 'src/deep')}\n${join(cwd, 'missing')}\n${join(cwd, 'src/a')}\n`,
      );
      return { sources: [], filesFrom: list };
    },
  ],
])('the count is what the run then takes in: %s', async (_, optionsIn) => {
  const cwd = makeTree(TREE);
  fs.symlinkSync('a', join(cwd, 'src/link'));
  const { counted, ran } = await countAndIngest(cwd, optionsIn(cwd));
  expect(counted.entries).toBeGreaterThan(1);
  expect(counted).toEqual(ran);
});

test('a directory that a record knows is counted without being read', async () => {
  const cwd = makeTree(TREE);
  const plan = await planWalk({ sources: [join(cwd, 'src')] });
  const read: string[] = [];
  const ops = {
    ...nodeDirectoryOps,
    readdirSync: ((path: string, ...more: [object]) => {
      read.push(path.slice(cwd.length));
      return fs.readdirSync(path, ...more);
    }) as typeof fs.readdirSync,
    opendirSync: ((path: string, ...more: [object]) => {
      read.push(path.slice(cwd.length));
      return fs.opendirSync(path, ...more);
    }) as typeof fs.opendirSync,
  };
  const surroundings = { storeRoot: join(cwd, 'store'), ops };
  const totals = await countSources(plan, surroundings, {
    known: ({ inTree }) =>
      inTree === 'deep' ? { record: 0, entries: 5, subdirectories: ['er'] } : undefined,
    bytesOf: ({ inTree, known }) => (inTree === 'deep' ? 100 * known!.entries : 0),
  });
  expect(read.sort()).toEqual(['/src', '/src/deep/er']);
  expect(totals).toMatchObject({ entries: 7, bytes: 514 });
});

test('a list that can be read only once is left to the run', async () => {
  const cwd = makeTree(TREE);
  const canRead = async (filesFrom: string) => canCount(await planWalk({ sources: [], filesFrom }));
  expect(await canRead(join(cwd, 'list'))).toBe(true);
  expect(await canRead('/dev/null')).toBe(false);
  expect(canCount({ ...(await planWalk({ sources: [] })), list: { file: '-', nul: false } })).toBe(
    false,
  );
});

/** The states of a run over many small files and a large one far below, which is met last. */
async function statesOf(options: object): Promise<Progress[]> {
  const cwd = makeTree({});
  fs.mkdirSync(join(cwd, 'src/z/y'), { recursive: true });
  for (let n = 0; n < 3000; n++) fs.writeFileSync(join(cwd, `src/${n}`), `content ${n}`);
  fs.writeFileSync(join(cwd, 'src/z/y/large'), '');
  fs.truncateSync(join(cwd, 'src/z/y/large'), 1 << 30);
  const states: Progress[] = [];
  const onProgress = (state: Progress) => void states.push(state);
  await ingest(join(cwd, 'store'), [join(cwd, 'src')], {
    ...{ threads: 1, dryRun: true, onProgress },
    ...options,
  });
  return states;
}

test('progress has totals, a share that never goes back, and an end', async () => {
  const states = await statesOf({});
  const shares = states.map(({ fractionDone }) => fractionDone ?? 0);
  expect(shares).toEqual([...shares].sort((a, b) => a - b));
  const known = states.find(({ total }) => total !== undefined)!;
  expect(known.total).toBe(3001);
  expect(known.totalBytes! / states.at(-1)!.bytesRead).toBeCloseTo(1, 3);
  expect(states.at(-1)).toMatchObject({ fractionDone: 1, secondsLeft: 0, total: 3001 });
});

test('without a count the whole is unknown until the walk is over', async () => {
  for (const { walking, total } of await statesOf({ countAhead: false }))
    expect(total).toBe(walking ? undefined : 3001);
});
