import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { join } from 'node:path';
import { ingest } from 'ingot';
import { expect, onTestFinished, test } from 'vitest';
import { type FileOps, nodeFileOps } from '../../../../src/files/file-ops.ts';
import { loadLibc } from '../../../../src/native/libc.ts';
import { type StoreFormat, writeFormat } from '../../../../src/store/local/on-disk/format.ts';
import {
  signOf,
  sweep,
  sweepOne,
  Writer,
  writerFolders,
} from '../../../../src/store/local/writers/writer.ts';
import { Store } from '../../../../src/store/store.ts';
import { demand } from '../../../harness/mounts.ts';
import { errno, strayNames, tempStore } from '../../../harness/temp-store.ts';
import { makeTree } from '../../../harness/tree.ts';

const libc = (await loadLibc())!;
const FLAT = { format: 1, layout: 'flat' } as const;

/** As a writer's folder is called: 32 hex digits. */
const deadName = (name: string) => `.tmp-${Buffer.from(name).toString('hex').padEnd(32, '0')}`;

/** What a writer that was killed leaves. */
function plantDead(root: string, name: string): string {
  const folder = join(root, deadName(name));
  fs.mkdirSync(join(folder, '0'), { recursive: true });
  fs.writeFileSync(join(folder, 'lock'), 'flat\n');
  fs.writeFileSync(join(folder, '0', '17'), 'half of an obj');
  return folder;
}

/** A file that is older than this process. */
function plantOld(path: string): void {
  fs.writeFileSync(path, 'a file');
  fs.utimesSync(path, 1, 1);
}

test('a writer has a folder of its own, private, with a lock that says what it goes by', async () => {
  const root = tempStore();
  const writer = Writer.open(root, FLAT, libc);
  expect(fs.statSync(writer.folder).mode & 0o777).toBe(0o700);
  expect(fs.readFileSync(join(writer.folder, 'lock'), 'utf8')).toBe('flat 2\n');
  expect(await writerFolders(root, libc)).toEqual([writer.folder]);
  expect(signOf(writer.folder, libc)).toMatchObject({ alive: true, layout: 'flat', knows: 2 });
  writer.close();
  expect(strayNames(root)).toEqual([]);
});

test('temps of dead writers are swept, folders and files; those of live ones are kept', async () => {
  const root = tempStore();
  const live = Writer.open(root, FLAT, libc);
  fs.mkdirSync(join(live.folder, '0'));
  fs.writeFileSync(join(live.folder, '0', '1'), 'in work');
  plantDead(root, 'dead');
  fs.mkdirSync(join(root, deadName('without-lock'), '3'), { recursive: true });
  plantOld(join(root, '.tmp-x'));
  expect(await sweep(root, libc)).toBe(3);
  expect(strayNames(root)).toEqual([live.folder.slice(root.length + 1)]);
  expect(fs.readFileSync(join(live.folder, '0', '1'), 'utf8')).toBe('in work');
  live.close();
});

test('of other names, and of files as young as this run, nothing is swept', async () => {
  const root = tempStore();
  const hex = '0123456789abcdef';
  const folders = ['.tmp-mine', '.tmp-build_1', `.tmp-${hex.repeat(4)}`, `.tmp-${hex}${hex}.d`];
  for (const name of folders) makeTree({ 'a/b': 'precious' }, join(root, name));
  const files = ['.tmp-notes.txt', '.tmp-', '.tmp-a b', `.tmp-${hex}~`];
  for (const name of files) plantOld(join(root, name));
  fs.writeFileSync(join(root, `.tmp-${hex}`), 'another program writes it now');
  const kept = strayNames(root);
  plantOld(join(root, `.tmp-${hex.repeat(4)}x`));
  plantOld(join(root, '.tmp-Ab3_-Z'));
  fs.mkdirSync(join(root, `.tmp-ingot-probe-${hex}${hex}`));
  expect(await sweep(root, libc)).toBe(3);
  expect(strayNames(root)).toEqual(kept);
});

test('what cannot be removed is named', async () => {
  const root = tempStore();
  const temp = join(plantDead(root, 'dead'), '0', '17');
  const immutable = {
    ...nodeFileOps,
    unlinkSync: (path: fs.PathLike) => {
      if (String(path) !== temp) return fs.unlinkSync(path);
      throw Object.assign(errno('EPERM', 'unlink'), { path: temp });
    },
  };
  await expect(sweep(root, libc, immutable)).rejects.toThrow(`: ${temp}: operation not permitted`);
});

test('a lock held by another process keeps its temps; they are swept when it is killed', async () => {
  const root = tempStore();
  const folder = plantDead(root, 'other');
  const child = spawn(
    'flock',
    ['-o', '-x', join(folder, 'lock'), 'sh', '-c', 'echo locked; exec sleep 60'],
    {
      stdio: ['ignore', 'pipe', 'ignore'],
      detached: true,
    },
  );
  const kill = () => process.kill(-child.pid!, 'SIGKILL');
  onTestFinished(() => {
    if (child.exitCode === null && child.signalCode === null) kill();
  });
  await once(child.stdout, 'data');
  expect(await sweep(root, libc)).toBe(0);
  expect(fs.existsSync(join(folder, '0', '17'))).toBe(true);
  kill();
  await once(child, 'exit');
  expect(await sweep(root, libc)).toBe(1);
  expect(strayNames(root)).toEqual([]);
});

test('a sweep that comes late leaves a folder to the writer who has locked it since', async () => {
  const root = tempStore();
  const folder = plantDead(root, 'dead');
  const lock = join(folder, 'lock');
  let live = -1;
  // Another sweep removes the lock that this one has opened; then a writer, between that and the
  // removal of its folder, makes one anew.
  const overtaken = {
    ...nodeFileOps,
    openSync: (...args: Parameters<FileOps['openSync']>) => {
      const fd = nodeFileOps.openSync(...args);
      fs.unlinkSync(lock);
      live = fs.openSync(lock, 'wx+');
      expect(libc.tryLock(live)).toBe(true);
      return fd;
    },
  };
  expect(await sweep(root, libc, overtaken)).toBe(0);
  expect(fs.readdirSync(folder).sort()).toEqual(['0', 'lock']);
  fs.closeSync(live);
  expect(await sweep(root, libc)).toBe(1);
});

test('without flock nothing is swept', async () => {
  const root = tempStore();
  plantDead(root, 'maybe-alive');
  expect(await sweep(root, undefined)).toBe(0);
  expect(strayNames(root)).toHaveLength(1);
});

test('the first put sweeps', async () => {
  const root = tempStore();
  plantDead(root, 'dead');
  const store = await Store.open(root);
  expect(strayNames(root)).toEqual([deadName('dead')]);
  await store.put(Buffer.from('x'));
  await store.close();
  expect(strayNames(root)).toEqual([]);
});

test('a put leaves the sweep to an ingest where listing the store would take long', async (context) => {
  const root = tempStore();
  plantDead(root, 'dead');
  for (let n = 0; n < 16_000; n++)
    fs.writeFileSync(join(root, n.toString(16).padStart(64, '0')), '');
  demand(context, fs.statSync(root).size > 1 << 20, 'directories do not grow on this file system');
  const store = await Store.open(root);
  await store.put(Buffer.from('x'));
  await store.close();
  expect(strayNames(root)).toEqual([deadName('dead')]);
  expect((await ingest(root, [makeTree({ a: 'a' })])).swept).toBe(1);
  expect(strayNames(root)).toEqual([]);
});

/** A sweep in the middle of a call. */
function sweepNow(root: string): number {
  const folders = strayNames(root).map((name) => join(root, name));
  return folders.filter((folder) => sweepOne(folder, libc, nodeFileOps)).length;
}

test.each(['mkdirSync', 'openSync'] as const)(
  'a writer whose folder is swept after its %s, before it holds the lock, begins anew',
  async (step) => {
    const root = tempStore();
    let swept = 0;
    const sweepAfter =
      <A extends unknown[], R>(call: (...args: A) => R) =>
      (...args: A): R => {
        const result = call(...args);
        if (swept === 0) swept += sweepNow(root);
        return result;
      };
    const racing = {
      ...nodeFileOps,
      [step]: sweepAfter(fs[step] as (...args: unknown[]) => unknown),
    };
    const writer = Writer.open(root, FLAT, libc, racing);
    expect(swept).toBe(1);
    expect(strayNames(root)).toEqual([writer.folder.slice(root.length + 1)]);
    expect(await sweep(root, libc)).toBe(0);
    writer.close();
  },
);

test('a writer whose folder is swept before it has all of its rights begins anew', () => {
  const root = tempStore();
  fs.chmodSync(root, 0o2770);
  onTestFinished(() => void process.umask(before));
  const before = process.umask(0o077);
  let swept = 0;
  const openSync: FileOps['openSync'] = (...args) => {
    if (swept === 0) swept += sweepNow(root);
    return nodeFileOps.openSync(...args);
  };
  const writer = Writer.open(root, FLAT, libc, { ...nodeFileOps, openSync });
  expect(swept).toBe(1);
  expect(strayNames(root)).toEqual([writer.folder.slice(root.length + 1)]);
  expect(fs.statSync(writer.folder).mode & 0o7777).toBe(0o2770);
  writer.close();
});

test("a writer whose lock another user's sweep has just made begins anew", (context) => {
  demand(context, process.getuid?.() === 0, 'only root can take the part of two users');
  const root = tempStore();
  let made = '';
  const openSync: FileOps['openSync'] = (path, ...more) => {
    if (made !== '') return nodeFileOps.openSync(path, ...more);
    made = String(path);
    fs.writeFileSync(path, '');
    fs.chownSync(path, 65534, 65534);
    throw errno('EACCES', 'open');
  };
  const writer = Writer.open(root, FLAT, libc, { ...nodeFileOps, openSync });
  expect(made).toMatch(/\/lock$/);
  expect(strayNames(root)).toEqual([writer.folder.slice(root.length + 1)]);
  writer.close();
});

test('a writer whose lock another process holds for a moment leaves nothing of its first try', () => {
  const root = tempStore();
  // As one that looks for live writers does (signOf).
  let looking = -1;
  const looked = {
    ...nodeFileOps,
    openSync: (...args: Parameters<FileOps['openSync']>) => {
      const fd = nodeFileOps.openSync(...args);
      if (looking < 0) {
        looking = fs.openSync(args[0], 'r+');
        expect(libc.tryLock(looking)).toBe(true);
      }
      return fd;
    },
  };
  const writer = Writer.open(root, FLAT, libc, looked);
  expect(strayNames(root)).toEqual([writer.folder.slice(root.length + 1)]);
  fs.closeSync(looking);
  writer.close();
});

test('a writer whose lock cannot be taken leaves no folder', () => {
  const root = tempStore();
  const broken = {
    ...libc,
    tryLock: () => {
      throw errno('EIO', 'flock');
    },
  };
  expect(() => Writer.open(root, FLAT, broken)).toThrow(/EIO/);
  expect(strayNames(root)).toEqual([]);
});

test('a writer that cannot make its lock leaves no folder', () => {
  const root = tempStore();
  const full = {
    ...nodeFileOps,
    openSync: () => {
      throw errno('ENOSPC', 'open');
    },
  };
  expect(() => Writer.open(root, FLAT, libc, full)).toThrow(/ENOSPC/);
  expect(strayNames(root)).toEqual([]);
});

const MOVING = { format: 1, layout: 'sharded', movingFrom: 'flat' } as const;
const SHARDED = { format: 1, layout: 'sharded' } as const;
test.each<{ known: StoreFormat; current: StoreFormat }>([
  { known: FLAT, current: MOVING },
  { known: FLAT, current: SHARDED },
  { known: SHARDED, current: MOVING },
  { known: SHARDED, current: { ...SHARDED, format: 2, id: '0'.repeat(32) } },
])('a writer that is about to open when the format changes takes what is new: %j', (formats) => {
  const root = tempStore();
  writeFormat(root, formats.current, 'replace');
  const writer = Writer.open(root, formats.known, libc);
  expect(writer.format).toEqual(formats.current);
  expect(fs.readFileSync(join(writer.folder, 'lock'), 'utf8')).toBe('sharded 2\n');
  expect(strayNames(root)).toHaveLength(1);
  writer.close();
});
