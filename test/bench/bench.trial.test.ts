import fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Row } from '../../bench/results.ts';
import { defaultThreads } from '../../src/threads/thread-count.ts';
import { demandMounts, demandNamelessTemps, demandProgram } from '../harness/mounts.ts';
import { makeTree } from '../harness/tree.ts';
import { answerTo, bench, memoryDirectory, resultsIn } from './run.ts';

const TINY = ['--scale', '0.002', '--rounds', '1', '--threads', '2'];

function expectTimed({ seconds }: Row): void {
  expect(seconds).toBeDefined();
  const { min, median, max, runs } = seconds!;
  expect(runs).toBeGreaterThan(0);
  expect(min).toBeGreaterThan(0);
  expect(median).toBeGreaterThanOrEqual(min);
  expect(max).toBeGreaterThanOrEqual(median);
}

/** Many whole processes each, on machines that others keep busy. */
const TIMEOUT_MS = 240_000;

describe('a benchmark', { timeout: TIMEOUT_MS }, () => {
  it('measures on a disk that was named, and leaves only its report', (context) => {
    demandProgram(context, 'cc');
    const cwd = memoryDirectory();
    fs.mkdirSync(join(cwd, 'disk'));
    const questions = ['floors', 'layout', 'batch', 'duplicates', 'verify'];
    const env = { TMPDIR: join(cwd, 'disk') };
    const ended = bench([...questions, '--on', 'disk', '--scale', '0.02', '--rounds', '1'], {
      cwd,
      env,
    });
    expect(ended.code, ended.stderr).toBe(0);
    expect(fs.readdirSync(join(cwd, 'disk'))).toEqual([]);
    expect(fs.readdirSync(join(cwd, 'bench-report')).sort()).toEqual([
      'report.html',
      'results.json',
    ]);

    const results = resultsIn(cwd);
    expect(results).toMatchObject({
      format: 1,
      machine: { node: process.version, pageCache: 'warm', disk: expect.stringMatching(/ on /) },
      corpus: { name: 'source', files: 800, distinctFiles: 560 },
    });
    expect(results.answers.map(({ question }) => question)).toEqual(questions);
    for (const { rows, asks } of results.answers) {
      expect(ended.stdout).toContain(asks);
      expect(rows.filter(({ absent }) => absent !== undefined)).toEqual([]);
    }
    for (const question of ['layout', 'batch'])
      for (const row of answerTo(question, results).rows) {
        expectTimed(row);
        expect(row.floor?.distance).toBeGreaterThan(0);
        expect(row.stageMs?.[row.bottleneck!]).toBe(Math.max(...Object.values(row.stageMs!)));
        expect(row.filesPerSecond! * row.seconds!.median).toBeCloseTo(800);
        expect(row.bytesPerSecond! * row.seconds!.median).toBeCloseTo(results.corpus.bytes);
      }
    const [ours] = answerTo('floors', results).rows.filter(({ label }) => label === 'ingot');
    const references = answerTo('floors', results).rows.filter(({ ratio }) => ratio !== undefined);
    expect(references).toHaveLength(2);
    for (const { ratio, seconds } of references)
      expect(ratio!.median).toBeCloseTo(ours!.seconds!.median / seconds!.median);
    const [flat, sharded] = answerTo('layout', results).rows;
    expect(flat?.ratio).toBeUndefined();
    expect(sharded?.ratio).toMatchObject({
      to: 'flat',
      median: sharded!.seconds!.median / flat!.seconds!.median,
    });
  });

  it('counts system calls, which are no noise', (context) => {
    demandProgram(context, 'cc');
    demandProgram(context, 'strace');
    demandNamelessTemps(context, defaultThreads());
    const cwd = memoryDirectory();
    const ended = bench(['syscalls', '--on', '.', '--scale', '0.02'], { cwd });
    expect(ended.code, ended.stderr).toBe(0);
    const results = resultsIn(cwd);
    // Each file is opened; a new one is written and gets its name, a duplicate does not.
    const calls = Object.fromEntries(
      answerTo('syscalls', results).rows.map(({ label, figures }) => [label, figures!]),
    );
    expect(calls['limit.c none, new']!.renameat).toBeCloseTo(1, 1);
    expect(calls['limit.c none, duplicate']!.renameat).toBeUndefined();
    expect(calls['limit.c tmpfile, new']!.renameat).toBeUndefined();
    expect(calls['limit.c tmpfile, new']!.linkat).toBeCloseTo(1, 1);
    expect(calls['ingot, new']!.linkat).toBeCloseTo(1, 1);
    expect(calls['ingot, duplicate']!.linkat).toBeUndefined();
    expect(calls['ingot, duplicate']!.openat).toBeGreaterThanOrEqual(1);
  });

  it('measures on a quiet disk by itself, and unmounts it', (context) => {
    demandMounts(context);
    const cwd = memoryDirectory();
    const ended = bench(['cold', 'large', ...TINY], { cwd, env: { TMPDIR: cwd } });
    expect(ended.code, ended.stderr).toBe(0);
    const results = resultsIn(cwd);
    expect(results.machine.disk).toBe('ext4 on a loop file in memory');
    for (const question of ['cold', 'large']) expectTimed(answerTo(question, results).rows[0]!);
    expect(fs.readdirSync(cwd)).toEqual(['bench-report']);
    expect(fs.readFileSync('/proc/mounts', 'utf8')).not.toContain(cwd);
  });

  it('asks of trees that grow, and holds each ingest against its floors', (context) => {
    demandProgram(context, 'cc');
    demandProgram(context, '/usr/bin/time');
    const cwd = memoryDirectory();
    const questions = ['memory', 'scale'];
    const ended = bench([...questions, '--on', '.', '--scale', '0.001', '--rounds', '1'], { cwd });
    expect(ended.code, ended.stderr).toBe(0);
    const [memory, scale] = questions.map((each) => answerTo(each, resultsIn(cwd)).rows);
    const ingests = scale!.filter(({ seconds }) => seconds !== undefined);
    expect(memory!.map(({ label }) => label)).toEqual(['100 files', '1,000 files']);
    expect(ingests.map(({ parameters }) => [parameters.files, parameters.layout])).toEqual(
      [10, 100, 1000].flatMap((files) => ['flat', 'sharded'].map((layout) => [files, layout])),
    );
    for (const row of [...memory!, ...ingests]) expect(row.floor?.distance).toBeGreaterThan(0);
    const [less, more] = memory!.map(({ peakRssBytes }) => peakRssBytes!);
    expect(memory![1]!.figures).toEqual({ peakRssGrowth: more! / less! });
    expect(scale!.slice(ingests.length).map(({ label }) => label)).toEqual([
      'flat: where it bends',
      'sharded: where it bends',
    ]);
  });

  it('keeps the tree of all questions when one has asked of the same', () => {
    const cwd = memoryDirectory();
    const ended = bench(['large', 'threads', '--corpus', 'large', '--on', '.', ...TINY], { cwd });
    expect(ended.code, ended.stderr).toBe(0);
    const results = resultsIn(cwd);
    for (const { bytesPerSecond, seconds } of answerTo('threads', results).rows)
      expect(bytesPerSecond! * seconds!.median).toBeCloseTo(results.corpus.bytes);
  });

  it("measures a user's own tree, counted first", () => {
    const tree = makeTree({ a: 'same', 'd/b': 'same', 'd/c': 'other', 'd/link': { symlink: 'b' } });
    const cwd = memoryDirectory();
    const ended = bench(['threads', '--tree', tree, '--on', '.', '--rounds', '1'], { cwd });
    expect(ended.code, ended.stderr).toBe(0);
    expect(resultsIn(cwd).corpus).toEqual({
      name: tree,
      files: 3,
      bytes: 13,
      distinctFiles: 2,
      distinctBytes: 9,
    });
    // The link is no file.
    for (const { filesPerSecond, seconds } of answerTo('threads', resultsIn(cwd)).rows)
      expect(filesPerSecond! * seconds!.median).toBeCloseTo(3);
    expect(fs.readdirSync(tree).sort()).toEqual(['a', 'd']);
  });

  it('says what is missing and goes on without it', () => {
    const cwd = memoryDirectory();
    const path = join(cwd, 'programs');
    fs.mkdirSync(path);
    for (const program of ['setsid', 'sync', 'df'])
      fs.symlinkSync(`/usr/bin/${program}`, join(path, program));
    const ended = bench(['cold', 'syscalls', 'layout', '--on', '.', ...TINY], {
      cwd,
      env: { PATH: path },
    });
    expect(ended.code, ended.stderr).toBe(0);
    const results = resultsIn(cwd);
    const [ours, ...limits] = answerTo('cold', results).rows;
    expectTimed(ours!);
    expect(ours!.floor).toBeUndefined();
    expect(limits).toHaveLength(3);
    for (const row of limits) expect(row.absent).toMatch(/^cc .* is needed/);
    for (const { absent, label } of answerTo('syscalls', results).rows)
      expect(absent).toMatch(label.startsWith('ingot') ? /strace is not installed/ : /^cc /);
    for (const row of answerTo('layout', results).rows) expectTimed(row);
  });

  it('names a question that fails in its row, answers the rest and exits with 1', () => {
    const cwd = memoryDirectory();
    const path = join(cwd, 'programs');
    fs.mkdirSync(path);
    // Without cp there is nothing that `duplicates` could compare with.
    for (const program of ['setsid', 'sync', 'df'])
      fs.symlinkSync(`/usr/bin/${program}`, join(path, program));
    const ended = bench(['duplicates', 'layout', '--on', '.', ...TINY], {
      cwd,
      env: { PATH: path },
    });
    expect(ended.code).toBe(1);
    const results = resultsIn(cwd);
    expect(answerTo('duplicates', results).rows.at(-1)?.absent).toMatch(/^failed: .*cp/);
    for (const row of answerTo('layout', results).rows) expectTimed(row);
  });
});
