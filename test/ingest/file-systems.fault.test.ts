/** A store on each kind of file system: whole runs, one without room, one without inodes. */
import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { demandFileSystem, FILE_SYSTEMS, type FileSystem } from '../harness/file-systems.ts';
import {
  demand,
  demandMounts,
  mountBindfs,
  mountImage,
  mountTmpfs,
  remount,
} from '../harness/mounts.ts';
import { plant, WRONG_BYTES } from '../harness/planted.ts';
import { ingot, tempsIn } from '../harness/run.ts';
import {
  expectFailure,
  expectNextRunCompletes,
  expectWhole,
  outcomesOf,
} from '../harness/store-checks.ts';
import { makeTree, type TreeLiteral } from '../harness/tree.ts';

beforeEach(demandMounts);

const run = (source: string, store: string, ...options: string[]) =>
  ingot(['ingest', source, '--store', store, '--no-progress', ...options]);

function smallFiles(count: number, bytes: number): TreeLiteral {
  const names = Array.from({ length: count }, (_, n) => `d${n % 3}/f${n}`);
  return Object.fromEntries(names.map((name) => [name, randomBytes(bytes)]));
}

/** Some extent of the file is also another's: filefrag(8) shows the flags of FIEMAP. */
function sharesBlocks(path: string): boolean {
  const { stdout } = spawnSync('filefrag', ['-s', '-v', path], { encoding: 'utf8' });
  return /\bshared\b/.test(stdout);
}

/** A store takes a tree, and everything again as duplicates. */
function expectTaken({ mount, barrier, reflinks }: FileSystem): void {
  const disk = mount();
  const large = randomBytes(6 << 20);
  const tree = { ...smallFiles(60, 3_000), large, 'large again': large, empty: '' };
  const [source, store] = [makeTree(tree, join(disk, 'source')), join(disk, 'store')];
  const first = run(source, store, '--json');
  expect(first).toMatchObject({ code: 0, stderr: '' });
  expect(outcomesOf(first)).toEqual({ new: 62, duplicate: 1 });
  expect(JSON.parse(first.stdout)).toMatchObject({ barrier });
  const objects = expectWhole(store);
  expect(objects.length).toBe(62);
  const shared = objects.filter((digest) => sharesBlocks(join(store, digest)));
  expect(shared.length).toBe(reflinks ? 1 : 0);

  const second = run(source, store, '--json');
  expect(outcomesOf(second)).toEqual({ duplicate: 63 });
  expect(JSON.parse(second.stdout)).toMatchObject({ bytesWritten: 0 });
  expect(ingot(['verify', '--store', store, '-q'])).toMatchObject({ code: 0, stderr: '' });
  for (const to of ['sharded', 'flat'])
    expect(ingot(['relayout', '--to', to, '--store', store, '-q']).code).toBe(0);
  expect(expectWhole(store).sort()).toEqual([...objects].sort());
}

describe.each(FILE_SYSTEMS)('a store on $name', (fileSystem) => {
  const { name, barrier, mount } = fileSystem;
  beforeEach((context) => demandFileSystem(context, name));

  it(`takes a tree by a barrier of ${barrier}, and everything again as duplicates`, (context) => {
    demand(context, spawnSync('filefrag').error === undefined, 'filefrag is not installed');
    expectTaken(fileSystem);
  });

  it('that fills up is named with what is free, and takes the rest once there is room', async () => {
    const disk = mount();
    const store = join(disk, 'store');
    expect(run(makeTree({ first: 'first' }), store, '-q').code).toBe(0);
    fillBlocks(disk, 3 << 20);
    const source = makeTree(smallFiles(500, 20_000));
    const ended = run(source, store, '--json');
    const free = `disk of ${store} has [\\d.]+ [KM]iB free`;
    expectFailure(ended, new RegExp(`ENOSPC.*${free}, this write needs 20 KiB more`));
    expect(tempsIn(store)).toEqual([]);
    expect(expectWhole(store).length).toBe(1 + (outcomesOf(ended).new ?? 0));
    fs.rmSync(join(disk, FILLER));
    execFileSync('sync', ['-f', disk]);
    expect((await expectNextRunCompletes(source, store)).length).toBe(501);
  });

  it('that is mounted read-only is named as that, and can still be read', async () => {
    const disk = mount();
    const store = join(disk, 'store');
    const source = makeTree(smallFiles(3, 100));
    expect(run(source, store, '-q').code).toBe(0);
    remount(disk, 'ro');
    for (const at of [store, join(disk, 'new')])
      expectFailure(run(source, at, '-q'), new RegExp(`${at}.*EROFS`));
    expect(ingot(['verify', '--store', store, '-q'])).toMatchObject({ code: 0, stderr: '' });
    remount(disk, 'rw');
    expect((await expectNextRunCompletes(source, store)).length).toBe(3);
  });
});

it('a file whose blocks cannot be shared is copied, and the others of its device share theirs', (context) => {
  demandFileSystem(context, 'btrfs');
  for (const program of ['filefrag', 'chattr'])
    demand(context, spawnSync(program).error === undefined, `${program} is not installed`);
  const disk = mountImage('btrfs', 320);
  const [source, store] = [join(disk, 'source'), join(disk, 'store')];
  // Whichever is read first and last: btrfs shares no blocks of files without checksums.
  const names = ['a-plain', 'b', 'c', 'd-plain'];
  makeTree(Object.fromEntries(names.map((name) => [name, ''])), source);
  const plain = names.filter((name) => name.endsWith('-plain'));
  for (const name of plain) execFileSync('chattr', ['+C', join(source, name)]);
  makeTree(Object.fromEntries(names.map((name) => [name, randomBytes(6 << 20)])), source);
  expect(run(source, store, '--threads', '1')).toMatchObject({ code: 0, stderr: '' });
  const objects = expectWhole(store);
  expect(objects.length).toBe(names.length);
  const shared = objects.filter((digest) => sharesBlocks(join(store, digest)));
  expect(shared.length).toBe(names.length - plain.length);
});

describe('the trial of file systems finds', () => {
  it.each([
    ['a name that is passed over', 'loseLast', /to deeply equal \{ new: 62, duplicate: 1 \}/],
    ['objects that lose their ends', 'tear', WRONG_BYTES],
  ])('%s', (_, defect, found) => {
    plant(defect);
    const tmpfs = FILE_SYSTEMS.find(({ name }) => name === 'tmpfs')!;
    expect(() => expectTaken(tmpfs)).toThrow(found);
  });
});

const FILLER = 'filler';

/** Takes all of a disk but so many bytes. */
function fillBlocks(disk: string, but: number): void {
  const { bavail, bsize } = fs.statfsSync(disk);
  const filler = fs.openSync(join(disk, FILLER), 'w');
  const block = Buffer.alloc(1 << 20, 1);
  try {
    for (let left = bavail * bsize - but; left >= block.length; left -= block.length)
      fs.writeSync(filler, block);
    fs.fsyncSync(filler);
  } finally {
    fs.closeSync(filler);
  }
}

/** btrfs has no such limit. */
describe.each([
  ['ext4', () => mountImage('ext4', 40, '-N', '300')],
  ['xfs', () => mountImage('xfs', 320, '-i', 'maxpct=1')],
  ['tmpfs', () => mountTmpfs('size=40m,nr_inodes=300')],
  ['bindfs', () => mountBindfs(mountTmpfs('size=40m,nr_inodes=300'))],
] as const)('a store on %s without inodes', (name, mount) => {
  beforeEach((context) => demandFileSystem(context, name));

  it('says so, and what is needed, and takes the rest once there are some', async () => {
    const disk = mount();
    const [store, fillers] = [join(disk, 'store'), join(disk, FILLER)];
    expect(run(makeTree({ first: 'first' }), store, '-q').code).toBe(0);
    takeInodes(fillers);
    for (let n = 0; n < 70; n++) fs.rmSync(join(fillers, String(n)));
    const source = makeTree(smallFiles(200, 100));
    const ended = run(source, store, '--json');
    expectFailure(
      ended,
      new RegExp(`ENOSPC.*disk of ${store} has no inodes left: one is needed for each new object`),
    );
    expect(tempsIn(store)).toEqual([]);
    expect(expectWhole(store).length).toBe(1 + (outcomesOf(ended).new ?? 0));
    fs.rmSync(fillers, { recursive: true });
    expect((await expectNextRunCompletes(source, store)).length).toBe(201);
  });
});

/** Makes empty files until the disk refuses one more. */
function takeInodes(folder: string): void {
  fs.mkdirSync(folder);
  for (let n = 0; ; n++) {
    try {
      fs.writeFileSync(join(folder, String(n)), '');
    } catch (error) {
      expect(error).toMatchObject({ code: 'ENOSPC' });
      return;
    }
  }
}
