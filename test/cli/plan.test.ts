/** `ingot plan`: what an ingest would add, and whether it fits. */
import fs from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { fitsOn } from '../../src/cli/plan-report.ts';
import { demandMounts, mountTmpfs } from '../harness/mounts.ts';
import { type Ended, ingot } from '../harness/run.ts';
import { makeTree } from '../harness/tree.ts';

let cwd: string;
beforeEach(() => {
  cwd = makeTree({ 'src/a': 'hello', 'src/b': 'hello', 'src/c': 'other', 'src/d/e': 'x' });
});

const run = (...args: string[]): Ended => ingot([...args, '--store', 's'], { cwd });
const planned = (...args: string[]) => JSON.parse(run('plan', ...args, '--json').stdout);

describe('a plan', () => {
  it('says what an ingest then does, and stores nothing', () => {
    const plan = planned('src');
    expect(fs.existsSync(join(cwd, 's'))).toBe(false);
    const { outcomes, snapshot, bytesWritten } = JSON.parse(run('ingest', 'src', '--json').stdout);
    expect(plan).toMatchObject({ version: 1, entries: 4, outcomes, objectsToAdd: outcomes.new });
    expect(plan.bytesToAdd).toBe(bytesWritten + snapshot.bytesAdded);
    expect(plan.snapshot.root).toBe(snapshot.root);
    expect(plan.atLeastMs).toBe(plan.wallMs);
  });

  it('is some lines for people', () => {
    const { code, stdout, stderr } = run('plan', 'src');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout.split('\n');
    expect(lines[0]).toMatch(/^4 entries in 2 directories, [\d.]+ s \(.* files\/s, .* MB\/s\)$/);
    expect(lines[1]).toBe('  new 3  duplicate 1');
    expect(lines[2]).toMatch(/^ {2}snapshot would be of root [0-9a-f]{64}: /);
    expect(lines[3]).toMatch(
      /^ {2}would add 3 objects, [\d.]+ k?B, in at least [\d.]+ s: so long reading and hashing took$/,
    );
    expect(lines[4]).toMatch(/^ {2}it fits on the disk: \S+ with [\d.,]+ [kMGTP]?B free/);
    expect(lines.slice(5)).toEqual(['PLAN: nothing was stored', '']);
    expect(run('plan', 'src', '-q').stdout).toBe('');
  });

  it('says that there is nothing to add', () => {
    run('ingest', 'src');
    const before = fs.readdirSync(join(cwd, 's', '.ingot', 'snapshots'));
    const plan = planned('src');
    expect(plan).toMatchObject({ objectsToAdd: 0, bytesToAdd: 0, outcomes: { duplicate: 4 } });
    expect('atLeastMs' in plan).toBe(false);
    const lines = run('plan', 'src').stdout.split('\n');
    expect(lines).toContain('  nothing to add: the store has all that was read');
    expect(fs.readdirSync(join(cwd, 's', '.ingot', 'snapshots'))).toEqual(before);
  });

  it('takes the options of an ingest that matter to it, and no other', () => {
    fs.writeFileSync(join(cwd, 'list'), 'src/c\nsrc/d\n');
    const more = ['--files-from', 'list', '--exclude', 'e', '--label', 'l', '--threads', '1', '-x'];
    expect(planned(...more)).toMatchObject({
      outcomes: { new: 1, excluded: 1 },
      ...{ snapshot: { label: 'l' }, threads: 1 },
    });
    for (const other of ['--durability=none', '--manifest=M', '--journal=J', '--shared', '-n']) {
      const { code, stderr } = run('plan', 'src', other);
      expect(stderr).toMatch(/^ingot: unknown option '[^\n]*'; see 'ingot plan --help'\n$/);
      expect(code).toBe(2);
    }
  });

  it('names what it could not read, and exits as an ingest does', () => {
    fs.writeFileSync(join(cwd, 'list'), 'src/c\nsrc/gone\n');
    const ended = run('plan', '--files-from', 'list');
    expect(ended.stderr).toMatch(/^ingot: unreadable: a listed path does not exist: src\/gone: /);
    expect(ended.code).toBe(3);
    expect(run('plan', 'nowhere').code).toBe(1);
    expect(run('plan')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/no source given/),
    });
    expect(run('plan', '-').stderr).toContain("'ingot plan' reads no content from standard input");
  });
});

describe('the room for it', () => {
  it('is that of the disk on which a missing store would be made', (context) => {
    demandMounts(context);
    const disk = mountTmpfs('size=1m,nr_inodes=100');
    fs.writeFileSync(join(cwd, 'src', 'large'), Buffer.alloc(2 << 20, 'x'));
    const args = ['plan', 'src', '--store', join(disk, 'not', 'there')];
    const ended = ingot([...args, '--json'], { cwd });
    expect(ended.code).toBe(0);
    expect(JSON.parse(ended.stdout)).toMatchObject({ disk: { bytes: 1 << 20 }, fits: 'no' });
    expect(ingot(args, { cwd }).stdout).toMatch(
      /\n {2}it does NOT FIT on the disk: tmpfs with 1\.05 MB free, \d+ inodes\n/,
    );
    expect(fs.readdirSync(disk)).toEqual([]);
  });

  const disk = { type: 'ext4', bytes: 1e9, bytesFree: 1e6, inodes: 1e6, inodesFree: 1e4 };
  it.each([
    ['yes', { objects: 100, bytes: 5e5, entries: 100 }, {}],
    ['no', { objects: 1, bytes: 1e6 + 1, entries: 1 }, {}],
    ['perhaps', { objects: 1, bytes: 1e6, entries: 1 }, {}],
    ['perhaps', { objects: 1000, bytes: 1000, entries: 1000 }, {}],
    ['no', { objects: 101, bytes: 1, entries: 101 }, { inodesFree: 100 }],
    ['perhaps', { objects: 100, bytes: 1, entries: 101 }, { inodesFree: 100 }],
    ['yes', { objects: 101, bytes: 1, entries: 101 }, { inodes: 0, inodesFree: 0 }],
  ])('is judged by bytes and inodes: %s', (fits, needs, more) => {
    expect(fitsOn({ ...disk, ...more }, needs)).toBe(fits);
  });
});
