import fs from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { demand, demandProgram } from '../harness/mounts.ts';
import { plant } from '../harness/planted.ts';
import { type Ended, script, tempsIn, UNPRIVILEGED } from '../harness/run.ts';
import { objectsIn } from '../harness/store-checks.ts';
import { makeTree, type TreeLiteral, temporaryDirectory } from '../harness/tree.ts';

/** One small file and one that is large enough for the index of large objects. */
const TREE: TreeLiteral = { small: 'small', copy: 'small', large: Buffer.alloc(6 << 20, 'x') };

let root: string;
let store: string;
beforeEach(() => {
  root = temporaryDirectory();
  store = join(root, 's');
  makeTree(TREE, join(root, 'source'));
});

/** Modes of all that is in a store, by path; one for all objects. */
function modesIn(): Record<string, string> {
  const names = ['.', ...fs.readdirSync(store, { recursive: true, encoding: 'utf8' })];
  return Object.fromEntries(
    names.map((name) => [
      name
        .replace(/[0-9a-f]{64}(\.[0-9a-f]{16})?$/, 'OBJECT')
        .replace(/(?<=records\/)[0-9a-f]{32}$/, 'RECORD')
        .replace(/\d{8}T\d{6}Z-[0-9a-f]{8}$/, 'ID')
        .replace(/^[0-9a-f]{2}(?=$|\/)/, 'SHARD'),
      (fs.lstatSync(join(store, name)).mode & 0o7777).toString(8),
    ]),
  );
}

const METADATA = { '.': '700', '.ingot': '700', '.ingot/store.json': '600', '.ingot/large': '600' };

/** The same of one that has a snapshot. */
const RECORDED = {
  ...METADATA,
  ...{
    '.ingot/generation': '600',
    '.ingot/gate': '600',
    '.ingot/lock': '600',
    '.ingot/relayout.lock': '600',
  },
  ...{ '.ingot/segments': '700', '.ingot/segments/OBJECT': '444' },
  ...{ '.ingot/snapshots': '700', '.ingot/snapshots/ID': '444' },
  ...{ '.ingot/records': '700', '.ingot/records/RECORD': '600' },
};

const run = (umask: string, ...args: string[]) =>
  expect(
    script(`umask ${umask}; $INGOT ${args.join(' ')} --store ${store} -q`, { cwd: root }),
  ).toMatchObject({ stderr: '' });

/** A store is its owner's alone, and its objects are read-only. */
function expectPrivate(umask: string): void {
  run(umask, 'ingest', 'source');
  expect(modesIn()).toEqual({ ...RECORDED, OBJECT: '444' });
}

describe('whatever the umask is', () => {
  it.each(['000', '022', '077'])(
    "a store is its owner's alone, and its objects are read-only: umask %s",
    expectPrivate,
  );

  it.each(['000', '077'])("shards are their owner's alone: umask %s", (umask) => {
    run(umask, 'ingest', 'source', '--layout', 'sharded');
    expect(modesIn()).toEqual({ ...RECORDED, SHARD: '700', 'SHARD/OBJECT': '444' });
  });

  it("shards that a relayout makes are their owner's alone", () => {
    run('000', 'put', 'source/small');
    run('000', 'relayout', '--to', 'sharded');
    expect(modesIn()).toMatchObject({ '.': '700', SHARD: '700', 'SHARD/OBJECT': '444' });
  });

  it('nobody else may write to what a quarantine, an unflushed store and its folders on the way hold', () => {
    store = join(root, 'a/b/s');
    run('000', 'ingest', 'source', '--durability', 'none');
    const [digest] = objectsIn(store);
    fs.rmSync(join(store, digest!));
    fs.writeFileSync(join(store, digest!), 'damaged', { mode: 0o444 });
    run('000', 'verify', '--quarantine');
    const modes = modesIn();
    expect(Object.keys(modes)).toContain('.ingot/quarantine/OBJECT');
    expect(Object.keys(modes).some((name) => name.startsWith('.ingot/unflushed/.tmp-'))).toBe(true);
    expect(Object.entries(modes).filter(([, mode]) => /[2367].?$/.test(mode.slice(-2)))).toEqual(
      [],
    );
    for (const folder of ['a', 'a/b'])
      expect(fs.statSync(join(root, folder)).mode & 0o777).toBe(0o700);
  });

  it('nobody else may write to temps, nor see them, while they are written', (context) => {
    demandProgram(context, 'strace');
    // What a writer that is killed leaves is what it had while it lived.
    run('000', 'put', 'source/small');
    const kill = 'strace -f -qq -o /dev/null -e trace=rename -e inject=rename:signal=KILL:when=1';
    const ingest = `ingest source --store ${store} -q --no-progress --no-snapshot`;
    script(`umask 000; ${kill} $INGOT ${ingest}`, { cwd: root });
    const [writer] = tempsIn(store);
    expect(writer).toMatch(/^\.tmp-[0-9a-f]{32}$/);
    const modes = Object.entries(modesIn()).filter(([name]) => name.startsWith(writer!));
    expect(modes.length).toBeGreaterThan(3);
    for (const [name, mode] of modes)
      expect([name, mode]).toEqual([
        name,
        /\/\d+\/\d+$/.test(name) ? '444' : name.endsWith('/lock') ? '600' : '700',
      ]);
  });
});

it('who shares a store by its group goes on after a run of another that flushed nothing', (context) => {
  demand(context, process.getuid?.() === 0, 'only root may take the part of two users');
  const as = (user: number, command: string): Ended =>
    script(`umask 007; setpriv --reuid ${user} --regid 4321 --clear-groups $INGOT ${command}`);
  demand(context, as(1234, '--version').code === 0, 'other users cannot reach this folder');
  fs.chmodSync(root, 0o755);
  fs.chmodSync(join(root, 'source'), 0o755);
  fs.mkdirSync(store);
  fs.chownSync(store, 1234, 4321);
  fs.chmodSync(store, 0o2770);
  // What is made for snapshots needs the right to write to the metadata.
  const ingest = `ingest ${join(root, 'source')} --store ${store} -q --no-snapshot`;
  expect(as(1234, `${ingest} --durability none`)).toMatchObject({ code: 0, stderr: '' });
  fs.chmodSync(join(store, '.ingot'), 0o750);
  fs.chmodSync(join(store, '.ingot', 'store.json'), 0o640);
  // A writer of the other's is alive beside it, too.
  const hidden = join(store, `.tmp-${'1'.repeat(32)}`);
  fs.mkdirSync(hidden, { mode: 0o700 });
  expect(as(1235, ingest)).toMatchObject({ code: 0 });
  const stats = as(1235, `stats --store ${store} --json`);
  expect(stats.code).toBe(0);
  expect(JSON.parse(stats.stdout)).toMatchObject({ objects: 2, writers: { alive: 1 } });
});

describe('the trial of privileges finds', () => {
  it.each([
    ['folders', 'openFolders', { '.': '777', '.ingot': '777' }],
    ['files', 'openFiles', { OBJECT: '666', '.ingot/store.json': '666' }],
  ])('%s that everyone may write to', (_, defect, modes) => {
    plant(defect);
    expect(() => expectPrivate('000')).toThrow(
      expect.objectContaining({ actual: expect.objectContaining(modes) }),
    );
  });
});

describe('an umask that takes rights from the user itself', () => {
  it.each(['0777', '0277'])('leaves all that is made usable: %s', (umask) => {
    fs.chmodSync(root, 0o777);
    const as = (command: string, at = 's') =>
      expect(
        script(`umask ${umask}; ${UNPRIVILEGED} $INGOT ${command} --store ${at} -q`, { cwd: root }),
      );
    as('ingest source').toMatchObject({ code: 0, stderr: '' });
    expect(modesIn()).toEqual({ ...RECORDED, OBJECT: '444' });
    for (const command of ['relayout --to sharded', 'relayout --to flat'])
      as(command).toMatchObject({ code: 0, stderr: '' });
    as('put source/small', 'on/the/way').toMatchObject({ code: 0, stderr: '' });
    for (const command of ['ingest source --layout sharded --durability none', 'ingest source'])
      as(command, 'unflushed').toMatchObject({ code: 0, stderr: '' });
    const [digest] = objectsIn(store);
    fs.rmSync(join(store, digest!));
    fs.writeFileSync(join(store, digest!), 'damaged', { mode: 0o444 });
    as('verify --quarantine').toMatchObject({ code: 4 });
    as('ingest source').toMatchObject({ code: 0, stderr: '' });
    for (const at of ['s', 'on/the/way', 'unflushed']) expect(tempsIn(join(root, at))).toEqual([]);
  });

  it('leaves nothing that the next run cannot sweep when a run is killed', (context) => {
    demandProgram(context, 'strace');
    fs.chmodSync(root, 0o777);
    const kill = 'strace -f -qq -o /dev/null -e trace=rename -e inject=rename:signal=KILL:when=1';
    const as = (before: string) =>
      script(`umask 0777; ${before} ${UNPRIVILEGED} $INGOT ingest source --store s -q`, {
        cwd: root,
      });
    expect(as('').code).toBe(0);
    fs.writeFileSync(join(root, 'source', 'more'), Buffer.alloc(5 << 20, 'y'));
    as(kill);
    expect(tempsIn(store).length).toBe(1);
    expect(as('')).toMatchObject({ code: 0, stderr: '' });
    expect(tempsIn(store)).toEqual([]);
  });
});
