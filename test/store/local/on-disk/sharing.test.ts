/** Modes of all that is made in a store, by that of its directory; what the library makes of `shared`. */
import fs from 'node:fs';
import { join } from 'node:path';
import { ingest, relayout, Store } from 'ingot';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { ingot } from '../../../harness/run.ts';
import { makeTree, temporaryDirectory } from '../../../harness/tree.ts';

let root: string;
let store: string;
let source: string;
beforeEach(() => {
  root = temporaryDirectory();
  store = join(root, 's');
  source = makeTree({ small: 'small', large: Buffer.alloc(5 << 20, 'x') }, join(root, 'source'));
});

const modeOf = (path: string) => (fs.statSync(path).mode & 0o7777).toString(8);

const IN_STORE = ['', '.ingot', '.ingot/unflushed', '00', '.ingot/store.json', '.ingot/large'];
const modes = () =>
  [...IN_STORE, '.ingot/relayout.lock'].map((name) => modeOf(join(store, name))).join(' ');

function withUmask(umask: number): void {
  const before = process.umask(umask);
  onTestFinished(() => void process.umask(before));
}

async function makeAll(): Promise<void> {
  await ingest(store, [source], { threads: 1, durability: 'none' });
  await relayout(store, 'sharded');
}

describe('a store that is made in a directory', () => {
  it.each([
    ['700', '700 700 700 700 600 600 600'],
    ['2750', '2750 2750 2750 2750 640 640 600'],
    ['2770', '2770 2770 2770 2770 660 660 660'],
    ['755', '755 755 755 755 644 644 600'],
    // Others never get the right to write, nor does the sticky bit go on.
    ['1777', '1777 775 775 775 664 664 660'],
  ])('with mode %s has its rights, whatever the umask is', async (mode, expected) => {
    fs.mkdirSync(store);
    fs.chmodSync(store, Number.parseInt(mode, 8));
    withUmask(0o077);
    await makeAll();
    expect(modes()).toBe(expected);
    const shards = fs.readdirSync(store).filter((name) => /^[0-9a-f]{2}$/.test(name));
    const objects = shards.flatMap((name) =>
      fs.readdirSync(join(store, name)).map((object) => join(name, object)),
    );
    expect(objects.map((name) => modeOf(join(store, name)))).toEqual(['444', '444']);
  });

  it('follows when that is opened later, and is closed with it', async () => {
    await makeAll();
    fs.chmodSync(store, 0o2770);
    await ingest(store, [source], { threads: 1 });
    expect(modes()).toBe('2770 2770 2770 2770 660 660 660');
    fs.chmodSync(store, 0o700);
    await ingest(store, [source], { threads: 1 });
    expect(modeOf(store)).toBe('700');
  });

  it('follows with the folders of snapshots and their segments, too', async () => {
    await ingest(store, [source], { threads: 1 });
    const folders = ['.ingot/segments', '.ingot/snapshots'].map((name) => join(store, name));
    expect(folders.map(modeOf)).toEqual(['700', '700']);
    fs.chmodSync(store, 0o2770);
    await ingest(store, [source], { threads: 1 });
    expect(folders.map(modeOf)).toEqual(['2770', '2770']);
    const files = folders.flatMap((folder) =>
      fs.readdirSync(folder).map((name) => join(folder, name)),
    );
    expect(files.length).toBeGreaterThan(2);
    expect(new Set(files.map(modeOf))).toEqual(new Set(['444']));
  });

  it('does not open what a link in its place leads to', async () => {
    await makeAll();
    for (const name of ['mine', 'mine too'])
      fs.writeFileSync(join(root, name), '', { mode: 0o600 });
    fs.rmSync(join(store, '.ingot/large'));
    fs.linkSync(join(root, 'mine'), join(store, '.ingot/large'));
    fs.rmSync(join(store, '.ingot/relayout.lock'));
    fs.symlinkSync(join(root, 'mine too'), join(store, '.ingot/relayout.lock'));
    fs.chmodSync(store, 0o2770);
    await ingest(store, [source], { threads: 1, snapshot: false });
    expect(['mine', 'mine too'].map((name) => modeOf(join(root, name)))).toEqual(['600', '600']);
  });
});

describe('shared', () => {
  it.each([
    ['group', '2770', '750'],
    ['all', '2775', '755'],
  ] as const)(
    '%s makes a store of mode %s, whatever the umask is',
    async (shared, mode, onTheWay) => {
      withUmask(0o077);
      const at = join(root, 'on/the/way');
      await (await Store.open(at, { create: true, shared })).close();
      expect([at, join(at, '.ingot')].map(modeOf)).toEqual([mode, mode]);
      expect(modeOf(join(root, 'on'))).toBe(onTheWay);
      await ingest(join(root, 'other'), [source], { threads: 1, shared });
      expect(modeOf(join(root, 'other'))).toBe(mode);
    },
  );

  it('opens a store that is there, and takes no rights', async () => {
    await makeAll();
    await (await Store.open(store, { shared: 'all' })).close();
    expect(modes()).toBe('2775 2775 2775 2775 664 664 660');
    await ingest(store, [source], { threads: 1, shared: 'group' });
    expect(modeOf(store)).toBe('2775');
  });

  it('is of the link that a store is named by', async () => {
    await makeAll();
    fs.symlinkSync(store, join(root, 'link'));
    await ingest(join(root, 'link'), [source], { threads: 1, shared: 'group' });
    expect(modeOf(store)).toBe('2770');
  });

  it('is nothing to a dry run', async () => {
    await makeAll();
    await ingest(store, [source], { threads: 1, shared: 'all', dryRun: true });
    expect(modeOf(store)).toBe('700');
  });

  it.each([
    [['--shared'], '2770'],
    [['--shared=group'], '2770'],
    [['--shared=all'], '2775'],
  ])('is %j on the command line, which then warns of nothing', (option, mode) => {
    for (const [at, args] of [
      ['i', ['ingest', source, '-q']],
      ['p', ['put', join(source, 'small')]],
    ] as const) {
      const to = ['--store', join(root, at)];
      expect(ingot([...args.slice(0, 1), ...option, ...args.slice(1), ...to])).toMatchObject({
        code: 0,
        stderr: '',
      });
      expect(ingot(['verify', ...to])).toMatchObject({ code: 0, stderr: '' });
      expect(modeOf(join(root, at))).toBe(mode);
    }
  });

  it('takes no other value', () => {
    const ended = ingot(['ingest', source, '--shared=world', '--store', store]);
    expect(ended.stderr).toMatch(/^ingot: [^\n]*'--shared \[who\]'[^\n]*\bgroup, all\b[^\n]*\n$/);
    expect(ended.code).toBe(2);
    expect(fs.existsSync(store)).toBe(false);
  });
});
