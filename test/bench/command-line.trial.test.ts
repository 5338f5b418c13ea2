import fs from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseCommandLine } from '../../bench/command-line.ts';
import { temporaryDirectory } from '../harness/tree.ts';
import { bench } from './run.ts';

describe('the command line', () => {
  it('asks all questions that end soon unless some are named', () => {
    const names = (...args: string[]) => parseCommandLine(args)!.questions.map(({ name }) => name);
    expect(names('scale', 'cold')).toEqual(['scale', 'cold']);
    expect(names()).toContain('floors');
    expect(names()).not.toContain('scale');
  });

  it('names the tools to compare with', () => {
    const { peers } = parseCommandLine(['peers', '--peers', 'restic, git (batched fsync)'])!;
    expect(peers).toEqual(['restic', 'git (batched fsync)']);
    expect(parseCommandLine(['peers'])!.peers).toBeUndefined();
  });

  it('takes a folder to be below the current directory', () => {
    const { on, corpora } = parseCommandLine(['--on', 'disk', '--corpora', './trees'])!;
    expect([on, corpora]).toEqual([resolve('disk'), resolve('trees')]);
  });

  it.each([
    [['nope'], /no question 'nope'.*floors, cold.*scale/],
    [['--corpus', 'nope'], /'nope'.*small, source, large, duplicates, huge, wide, deep/],
    [['--tree', '.', '--corpus', 'small'], /--tree.*--corpus/],
    [['--scale', '0'], /--scale.*'0'/],
    [['--scale', '-1'], /--scale/],
    [['--rounds', '0'], /--rounds.*'0'/],
    [['--rounds', '1.5'], /--rounds.*'1\.5'/],
    [['--seed', 'x'], /--seed.*'x'/],
    [['--threads', '0'], /--threads.*'0'/],
    [['--peers', 'restic,nope'], /no peer 'nope'; there are .*git .*restic/],
    [['--colour'], /unknown option '--colour'/],
  ])('that is wrong is refused: %j', (args, why) => {
    expect(() => parseCommandLine(args)).toThrow(why);
  });
});

describe('a run that cannot begin', () => {
  it.each([
    [['nope'], 2, /^bench: wrong usage: no question 'nope'/],
    [['--corpus', 'nope'], 2, /^bench: wrong usage: .*'nope'/],
    [['put', '--tree', '/no/such/tree'], 1, /^bench: .*\/no\/such\/tree: .*\(ENOENT\)/],
    [['put', '--on', '/no/such/disk'], 1, /^bench: .*\/no\/such\/disk: .*\(ENOENT\)/],
    [
      ['large', '--on', '.', '--scale', '100'],
      1,
      /^bench: not enough room .*the stores and the trees need .*GB/,
    ],
    [
      ['cold', '--on', '.', '--corpora', '.', '--scale', '100', '--corpus', 'huge'],
      1,
      /^bench: not enough room/,
    ],
  ])('is told in one line: %j', (args, code, line) => {
    const cwd = temporaryDirectory();
    const ended = bench(args, { cwd, env: { TMPDIR: cwd } });
    expect(ended.stderr).toMatch(/^[^\n]*\n$/);
    expect(ended.stderr).toMatch(line);
    expect(ended).toMatchObject({ code, stdout: '' });
    expect(fs.readdirSync(cwd)).toEqual([]);
  });

  it('is one whose report cannot be written', () => {
    const cwd = temporaryDirectory();
    fs.writeFileSync(join(cwd, 'bench-report'), 'a file');
    const ended = bench(['put', '--on', '.', '--rounds', '1'], { cwd });
    expect(ended.stderr).toMatch(/^bench: cannot write a report: bench-report: [^\n]*\n$/);
    expect(ended).toMatchObject({ code: 1, stdout: '' });
    expect(fs.readdirSync(cwd)).toEqual(['bench-report']);
  });
});

it('the help lists the questions and leaves nothing behind', () => {
  const cwd = temporaryDirectory();
  const ended = bench(['--help'], { cwd });
  expect(ended).toMatchObject({ code: 0, stderr: '' });
  expect(ended.stdout).toMatch(/--corpus.*\n/);
  expect(fs.existsSync(join(cwd, 'bench-report'))).toBe(false);
});
