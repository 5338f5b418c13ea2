/** Runs that have little of everything: descriptors, memory, path length. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { demand, demandMountNamespace, demandMounts, mountImage } from '../harness/mounts.ts';
import { ingotWithPeak } from '../harness/peak-memory.ts';
import { plant } from '../harness/planted.ts';
import { ingot, script, tempsIn } from '../harness/run.ts';
import { expectFailure, expectWhole, outcomesOf } from '../harness/store-checks.ts';
import { makeTree, type TreeLiteral, temporaryDirectory } from '../harness/tree.ts';

let store: string;
beforeEach(() => {
  store = join(temporaryDirectory(), 's');
});

const smallFiles = (count: number): TreeLiteral =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`d${n % 40}/f${n}`, `content ${n}`]));

const largeFiles = (count: number, bytes: number): TreeLiteral =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`large${n}`, randomBytes(bytes)]));

function expectFewDescriptors(small: number, large: number, more: string): void {
  const source = makeTree({ ...smallFiles(small), ...largeFiles(large, 5 << 20) });
  const options = `--threads 2 ${more} --json --no-progress`;
  const ended = script(`ulimit -n 64; exec $INGOT ingest ${source} --store ${store} ${options}`);
  expect(ended).toMatchObject({ code: 0, stderr: '' });
  expect(outcomesOf(ended)).toEqual({ new: small + large });
  expect(expectWhole(store).length).toBe(small + large);
}

it.each([
  ['one barrier for many', '--barrier syncfs'],
  ['each temp open until its fsync', '--barrier fsync'],
  ['files read ahead', '--read-ahead 4096'],
])('an ingest gets by with 64 descriptors: %s', (_, more) => expectFewDescriptors(3000, 6, more));

it('an ingest that may not start its threads says what to do about it', (context) => {
  demand(context, process.getuid?.() === 0, 'only root may take the part of another user');
  const folder = makeTree({ 'source/a': 'a' });
  fs.chmodSync(folder, 0o777);
  // The limit counts all of a user's processes, and does not hold for root.
  const as = (command: string) =>
    script(
      `setpriv --reuid 61234 --regid 61234 --clear-groups prlimit --nproc=40 $INGOT ${command}`,
      { cwd: folder },
    );
  demand(context, as('--version').code === 0, 'other users cannot reach this folder');
  const ended = as('ingest source --store s -q --threads 80');
  expectFailure(
    ended,
    /^ingot: cannot start a worker thread: .*\(EAGAIN\); use fewer --threads or .*\(ulimit -u\)/,
  );
  expect(fs.existsSync(join(folder, 's'))).toBe(false);
});

it('an ingest gets by with 256 MB of memory, page cache and all', (context) => {
  const group = makeMemoryCgroup(256 << 20);
  // Nothing that could be installed: a container's root may not make cgroups.
  if (group === undefined) return context.skip('no cgroup with a memory limit can be made here');
  const source = makeTree({ ...smallFiles(5_000), ...largeFiles(5, 64 << 20) });
  const ended = script(
    `echo $$ > ${group}/cgroup.procs
     exec $INGOT ingest ${source} --store ${store} --threads 2 --json --no-progress`,
  );
  expect(ended).toMatchObject({ code: 0, stderr: '' });
  expect(outcomesOf(ended)).toEqual({ new: 5_005 });
  expect(expectWhole(store).length).toBe(5_005);
});

/** A million with INGOT_ENTRIES=1000000. */
const ENTRIES = Number(process.env.INGOT_ENTRIES ?? 60_000);
/** ext4 refuses more links to one file (EMLINK). */
const MAX_LINKS = 60_000;

it('the memory of an ingest does not grow with the entries of one directory', () => {
  const source = join(temporaryDirectory(), 'wide');
  fs.mkdirSync(source);
  for (let n = 0; n < ENTRIES; n++) {
    const first = join(source, `f${n - (n % MAX_LINKS)}`);
    if (n % MAX_LINKS === 0) fs.writeFileSync(first, `content ${n}`);
    else fs.linkSync(first, join(source, `f${n}`));
  }
  // Streamed, not read whole.
  expect(fs.statSync(source).size).toBeGreaterThan(1 << 20);
  const args = ['ingest', source, '--store', store, '--json', '--no-progress'];
  const { ended, peakBytes } = ingotWithPeak(args);
  expect(ended).toMatchObject({ code: 0, stderr: '' });
  const contents = Math.ceil(ENTRIES / MAX_LINKS);
  expect(outcomesOf(ended)).toEqual({ new: contents, duplicate: ENTRIES - contents });
  expect(peakBytes).toBeLessThan(250_000_000);
});

/** 64 GiB with INGOT_SPARSE_GIB=64: the store is written in full where blocks cannot be shared. */
const SPARSE_BYTES = Number(process.env.INGOT_SPARSE_GIB ?? 0.25) * 2 ** 30;

/** Three readings, at 100 MB/s at least. */
const SPARSE_MS = 30_000 + (3 * SPARSE_BYTES) / 100_000;

it('a sparse file is hashed to its end', { timeout: SPARSE_MS }, () => {
  const source = join(temporaryDirectory(), 'sparse');
  fs.writeFileSync(source, 'begin');
  fs.truncateSync(source, SPARSE_BYTES - 3);
  fs.appendFileSync(source, 'end');
  const ended = ingot(['ingest', source, '--store', store, '--json', '--no-progress', '--dry-run']);
  expect(ended).toMatchObject({ code: 0, stderr: '' });
  expect(JSON.parse(ended.stdout)).toMatchObject({ bytesRead: SPARSE_BYTES });
  const put = ingot(['put', source, '--store', store]);
  expect(put.stdout.trim()).toBe(
    execFileSync('sha256sum', [source], { encoding: 'utf8' }).slice(0, 64),
  );
});

/** Each folder is made from within the last: no call could name it from the root. */
function makeLevels(count: number, folder: string, source = temporaryDirectory()): string {
  const dig = `for (let n = 0; n < ${count}; n++) {
    fs.writeFileSync('file', String(n)); fs.mkdirSync('${folder}'); process.chdir('${folder}');
  }
  fs.writeFileSync('large', Buffer.alloc(5 << 20));`;
  execFileSync(process.execPath, ['-e', dig], { cwd: source });
  return source;
}

/** What lies deeper than a path may be long is stored, too. */
function expectDepthStored(levels: number, folder: string, at?: string): void {
  const source = makeLevels(levels, folder, at);
  const ended = ingot(['ingest', source, '--store', store, '--manifest', '-', '-q']);
  expect(ended).toMatchObject({ code: 0, stderr: '' });
  expect(expectWhole(store).length).toBe(levels + 1);
  const lines = ended.stdout.trimEnd().split('\n');
  expect(lines.length).toBe(levels + 1);
  // The deepest sorts before what lies above it.
  expect(lines[0]!.slice(64)).toBe(`  ${`${folder}/`.repeat(levels)}large`);
}

it('what lies deeper than a path may be long is stored, too', () => expectDepthStored(5_000, 'd'));

it('so is what lies there where the file system tells no types of names', (context) => {
  demandMounts(context);
  expectDepthStored(60, 'd'.repeat(200), mountImage('ext4', 64, '-O', '^filetype'));
});

it('without /proc what lies deeper than a path may be long is told of, and the rest is stored', (context) => {
  demand(context, process.getuid?.() === 0, 'only root may hide /proc');
  demandMountNamespace(context);
  const source = makeLevels(2_200, 'd');
  const ingest = `exec $INGOT ingest ${source} --store ${store} --json --no-progress`;
  const ended = script(`exec unshare -m sh -c 'mount -t tmpfs none /proc && ${ingest}'`);
  expect(ended.code).toBe(3);
  // The first directory that cannot be named, and the last files beside those that can.
  const lines = ended.stderr.trimEnd().split('\n');
  for (const line of lines) {
    expect(line).toMatch(/^ingot: unreadable: cannot read a (file|directory): .*\(ENAMETOOLONG\)/);
    expect(line.length).toBeLessThan(1500);
  }
  const { unreadable, new: stored } = outcomesOf(ended);
  expect(unreadable).toBe(lines.length);
  expect(lines.filter((line) => line.includes('read a directory')).length).toBe(1);
  // A step down takes two characters of the 4,095 that a path may have.
  expect(stored).toBeGreaterThan(1950);
  expect(stored).toBeLessThan(2048);
  expect(expectWhole(store).length).toBe(stored);
  expect(tempsIn(store)).toEqual([]);
});

describe('the trial of resources finds', () => {
  it.each([
    ['descriptors that are not given back', 'leak', /to match object \{ code: \+?0/],
    ['a name that is passed over', 'loseLast', /to deeply equal \{ new: 200 \}/],
  ])('%s', (_, defect, found) => {
    plant(defect);
    expect(() => expectFewDescriptors(200, 0, '--barrier syncfs')).toThrow(found);
  });

  it('depths that are passed over', () => {
    plant('loseDeep');
    expect(() => expectDepthStored(60, 'd'.repeat(99))).toThrow(/to be 61/);
  });
});

/** A cgroup of either version; undefined where none may be made. */
function makeMemoryCgroup(bytes: number): string | undefined {
  const isV1 = fs.existsSync('/sys/fs/cgroup/memory/cgroup.procs');
  const group = join('/sys/fs/cgroup', isV1 ? 'memory' : '', `ingot-test-${process.pid}`);
  try {
    fs.mkdirSync(group);
    onTestFinished(() => execFileSync('rmdir', [group]) && undefined);
    fs.writeFileSync(join(group, isV1 ? 'memory.limit_in_bytes' : 'memory.max'), `${bytes}`);
    return group;
  } catch (error) {
    if (error instanceof Error && 'code' in error) return undefined;
    throw error;
  }
}
