import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import fs from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { createStore } from '../../src/store/local/on-disk/create-store.ts';
import { demand, demandProgram } from '../harness/mounts.ts';
import {
  endOf,
  ingot,
  MAIN,
  script,
  start,
  tempsIn,
  UNPRIVILEGED,
  untilEvent,
} from '../harness/run.ts';
import { expectFailure } from '../harness/store-checks.ts';
import { makeTree, temporaryDirectory } from '../harness/tree.ts';

let cwd: string;
beforeEach(() => {
  cwd = temporaryDirectory();
});

const SHORT = ['--seconds', '1', '--store', 's'];
/** On a busy machine, too, each part has time to measure something. */
const LONGER = ['--seconds', '5', '--store', 's'];

describe('ingot doctor', () => {
  it('shows figures and advice for a store that is not there, and does not make it', () => {
    const { code, stdout, stderr } = ingot(['doctor', ...LONGER], { cwd });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(
      /^This machine takes in (roughly )?up to [\d,.]+ files\/s of 4,096 bytes \([\d,.]+ MB\/s\) and [\d,]+ MB\/s of large files, [^\n]+ with \d+ threads?; [^\n]+\.\n\n/,
    );
    expect(stdout).toMatch(/\nstore +\S+\/s \(not there yet; tried out in \S+\)\ndisk +\w+, /);
    expect(stdout).toMatch(
      /\nbarrier +(syncfs|fsync): .+\nreflink +tried: .+\n(reading +not measured: .+\n)?\nflush /,
    );
    expect(stdout).toMatch(/\nfsync of a new file +[\d.]+ .?s +\S.*\n/);
    expect(stdout).toMatch(/\ncreate \+ rename, 1 thread +[\d,]+ files\/s +\S.*\n/);
    expect(stdout).toMatch(/\nhash, 1 thread +[\d,]+ MB\/s /);
    expect(stdout).toMatch(
      /\nadvice\n {2}--durability group .+\n {2}--barrier \w+ .+\n {2}--threads \d+ .+\n {2}--layout flat .+\n(?: {2}--read-ahead auto .+\n)? {2}so: ingot ingest /,
    );
    expect(fs.readdirSync(cwd)).toEqual([]);
  });

  it('gives one JSON document with the units in the names, and tries as many threads as told', () => {
    createStore(join(cwd, 's'), 'sharded');
    const run = ingot(['doctor', '--json', '--threads', '3', '--expect', '7', ...LONGER], { cwd });
    expect(run).toMatchObject({ code: 0, stderr: '' });
    const report = JSON.parse(run.stdout);
    const spread = { median: expect.any(Number), min: expect.any(Number) };
    expect(report).toMatchObject({
      store: join(cwd, 's'),
      probedIn: join(cwd, 's'),
      kind: 'store',
      existing: { layout: 'sharded', objects: 0, countedAll: true },
      fileSystem: { bytesFree: expect.any(Number), inodesFree: expect.any(Number) },
      blockBytes: expect.any(Number),
      expectedObjects: 7,
      flushes: { fsyncFile: { ms: spread, files: 1 } },
      reads: { fileBytes: 32_768, byDepth: expect.any(Array) },
      intake: { threads: expect.any(Number), filesPerSecond: expect.any(Number) },
      advice: { durability: { value: 'group' }, layout: { value: 'sharded' } },
      wallMs: expect.any(Number),
    });
    const { byThreads } = report.rates;
    expect(byThreads.map(({ threads }: { threads: number }) => threads)).toEqual([1, 2, 3]);
    expect(byThreads[0]).toMatchObject({
      createdFilesPerSecond: spread,
      hashedBytesPerSecond: spread,
    });
    expect(fs.readdirSync(join(cwd, 's')).filter((name) => name.length > 2)).toEqual(['.ingot']);
  });

  it('makes files before it removes any: some disks make new ones slowly after that', () => {
    const { stdout } = ingot(['doctor', '--json=events', ...SHORT], { cwd });
    const probes = stdout.split('\n').flatMap((line) => /"probe":"(\w+)"/.exec(line)?.[1] ?? []);
    expect(probes.slice(0, 5)).toEqual(['reflink', 'objects', 'rates', 'reads', 'fsync']);
  });

  it('needs a directory that may be written to', () => {
    makeTree({ file: 'x', 'locked/x': 'y' }, cwd);
    expectFailure(ingot(['doctor', '--store', 'file'], { cwd }), /file: it is a file/);
    fs.chmodSync(join(cwd, 'locked'), 0o555);
    for (const store of ['locked', 'locked/s'])
      expectFailure(
        script(`${UNPRIVILEGED} $INGOT doctor --store ${store}`, { cwd }),
        /cannot probe the disk .*locked: permission denied \(EACCES\)/,
      );
    expect(fs.readdirSync(join(cwd, 'locked'))).toEqual(['x']);
  });

  it('touches no store that it does not know', () => {
    makeTree({ 's/.ingot/store.json': '{"format":99,"layout":"flat"}' }, cwd);
    expectFailure(ingot(['doctor', ...SHORT], { cwd }), /has format 99/);
    expect(fs.readdirSync(join(cwd, 's'))).toEqual(['.ingot']);
  });
});

describe('a doctor that is interrupted', () => {
  it.each([
    ['fsync', 'SIGINT', 130],
    ['rates', 'SIGINT', 130],
    ['rates', 'SIGTERM', 143],
    ['reads', 'SIGINT', 130],
  ] as const)(
    'in its probe of %s by %s ends with its code and leaves nothing',
    async (probe, signal, code) => {
      const child = start(['doctor', '--json=events', '--store', 's'], cwd);
      const end = endOf(child);
      await untilEvent(child, { probe });
      child.kill(signal);
      const { code: ending, stdout, stderr } = await end;
      expect(ending).toBe(code);
      expect(stderr).toMatch(
        new RegExp(`^ingot: ${signal}: stopping.*\\ningot: interrupted: .*\\n$`),
      );
      expect(JSON.parse(stdout.trim().split('\n').at(-1)!)).toMatchObject({
        event: 'error',
        error: { code: 'INGOT_INTERRUPTED' },
      });
      expect(fs.readdirSync(cwd)).toEqual([]);
    },
  );

  it('by the reader of its output going away leaves nothing', () => {
    const run = 'set -o pipefail; $INGOT doctor --json=events --seconds 1 --store s | head -1';
    expect(script(run, { cwd })).toMatchObject({ code: 0, stderr: '' });
    expect(fs.readdirSync(cwd)).toEqual([]);
  });

  it.each([
    ['a store', 'rates'],
    ['no store', 'rates'],
    ['a store', 'reads'],
    ['no store', 'reads'],
  ] as const)(
    'by SIGKILL leaves in %s what the next one sweeps, in its probe of %s, too',
    async (what, probe) => {
      if (what === 'a store') createStore(join(cwd, 's'), 'flat');
      const directory = what === 'a store' ? join(cwd, 's') : cwd;
      const child = start(['doctor', '--json=events', '--store', 's'], cwd);
      const end = endOf(child);
      await untilEvent(child, { probe });
      child.kill('SIGKILL');
      await end;
      expect(tempsIn(directory)).toHaveLength(1);
      const next = ingot(['doctor', '--json', ...SHORT], { cwd });
      expect(JSON.parse(next.stdout).swept).toBe(1);
      expect(tempsIn(directory)).toEqual([]);
    },
  );
});

describe('what the page cache holds', () => {
  beforeEach((context) => demandProgram(context, 'strace'));

  it('is not measured where it cannot be dropped, and the rest is', () => {
    const refused =
      'strace -f --seccomp-bpf -qq -o /dev/null -e trace=fadvise64 -e inject=fadvise64:error=EPERM';
    const run = script(`${refused} $INGOT doctor --json --seconds 8 --store s`, { cwd });
    expect(run).toMatchObject({ code: 0, stderr: '' });
    const { reads, advice, flushes } = JSON.parse(run.stdout);
    expect(reads).toMatchObject({ byDepth: [], obstacle: expect.stringMatching(/\(EPERM\)$/) });
    expect(advice.readAhead).toBeUndefined();
    expect(flushes.fsyncFile.files).toBe(1);
    expect(fs.readdirSync(cwd)).toEqual([]);
  });
});

describe('a disk that fails while files are made to be read', () => {
  beforeEach((context) => demandProgram(context, 'strace'));

  it.each(['EIO', 'ENOSPC'])('fails the doctor with %s, and nothing stays', (code) => {
    // These are the first flushes of all.
    const failing = `strace -f --seccomp-bpf -qq -o /dev/null -e trace=fsync -e inject=fsync:error=${code}`;
    expectFailure(
      script(`${failing} $INGOT doctor --seconds 8 --store s`, { cwd }),
      new RegExp(`cannot probe how the disk reads: .*\\(${code}\\)`),
    );
    expect(fs.readdirSync(cwd)).toEqual([]);
  });
});

/** Stops the flushing process in its syncfs: only SIGKILL reaches it then. */
const STUCK = 'inject=syncfs:signal=SIGSTOP';

/** A doctor whose syncfs does not end; strace(1) stays out of its way. */
function startWithStuckSyncfs(...options: string[]): ChildProcessWithoutNullStreams {
  const log = join(temporaryDirectory(), 'strace');
  const command = [process.execPath, MAIN, 'doctor', '--store', 's', ...options];
  const tracing = [
    '-D',
    '-f',
    '--seccomp-bpf',
    '-qq',
    '-o',
    log,
    '-e',
    'trace=syncfs',
    '-e',
    STUCK,
  ];
  const child = spawn('strace', [...tracing, ...command], { cwd });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

describe('a syncfs that does not end', () => {
  beforeEach((context) => {
    demandProgram(context, 'strace');
    const { type } = fs.statfsSync(cwd);
    demand(context, type === 0xef53 || type === 0x01021994, 'the temporary folder has no syncfs');
  });

  it('is given up when the time is over: the report says so and advises fsync', async () => {
    const { code, stdout } = await endOf(startWithStuckSyncfs('--json', '--seconds', '8'));
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      flushes: { unfinished: { kind: 'syncfsFile' } },
      advice: {
        barrier: { value: 'fsync' },
        warnings: expect.arrayContaining([expect.stringMatching(/^a syncfs did not end in/)]),
      },
    });
    expect(fs.readdirSync(cwd)).toEqual([]);
  });

  it('does not keep SIGINT from ending the doctor', async () => {
    const child = startWithStuckSyncfs('--json=events', '--seconds', '20');
    const end = endOf(child);
    await untilEvent(child, { probe: 'syncfs' });
    child.kill('SIGINT');
    expect((await end).code).toBe(130);
    expect(fs.readdirSync(cwd)).toEqual([]);
  });
});
