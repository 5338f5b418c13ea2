/** `ingest --journal`: what a run adds to a file, and what it refuses. */
import fs from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { escapeName, toBytes } from '../../src/names.ts';
import { sha256 } from '../harness/ingest-tree.ts';
import { demandMounts, demandProgram, mountTmpfs } from '../harness/mounts.ts';
import { type Ended, endOf, ingot, script, start } from '../harness/run.ts';
import { makeTree } from '../harness/tree.ts';

type Line = Readonly<Record<string, unknown>>;

let cwd: string;
beforeEach(() => {
  cwd = makeTree({ 'src/a': 'hello', 'src/b': 'hello', 'src/l': { symlink: 'a' } });
});

const run = (...args: string[]): Ended => ingot([...args, '--store', 's'], { cwd });
const read = (name = 'J') => fs.readFileSync(join(cwd, name), 'utf8');

function linesIn(name = 'J'): Line[] {
  const text = read(name);
  expect(text.endsWith('\n')).toBe(true);
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

const entriesIn = (lines: readonly Line[]) => lines.filter(({ path }) => path !== undefined);

describe('a journal', () => {
  it('has a line for the run, one for each entry, and one for the end', () => {
    makeTree({ 'src/x.o': '', 'src/p': { fifo: true }, list: 'src\nsrc/gone\n' }, cwd);
    const args = ['--files-from', 'list', '--exclude', '*.o', '--journal', 'J', '--json'];
    const ended = run('ingest', ...args);
    expect(ended.code).toBe(3);
    const { snapshot, outcomes } = JSON.parse(ended.stdout);
    const lines = linesIn();
    const { version } = JSON.parse(fs.readFileSync('package.json', 'utf8'));
    const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    const from = { sources: [], filesFrom: 'list', cwd: fs.realpathSync(cwd) };
    expect(lines[0]).toEqual({ journal: 1, time, version, ...from });
    const digest = sha256('hello');
    const why = 'no such file or directory';
    const stored = entriesIn(lines).map(({ outcome, ...rest }) =>
      outcome === 'new' || outcome === 'duplicate' ? rest : { outcome, ...rest },
    );
    expect(stored).toHaveLength(6);
    expect(stored).toEqual(
      expect.arrayContaining([
        { path: 'src/gone', outcome: 'unreadable', code: 'ENOENT', why },
        { path: 'src/x.o', outcome: 'excluded' },
        { path: 'src/p', outcome: 'unsupported', kind: 'fifo' },
        { path: 'src/l', outcome: 'link' },
        { path: 'src/a', digest, size: 5 },
        { path: 'src/b', digest, size: 5 },
      ]),
    );
    const end = { end: 'done', walked: true, takenBack: false, lostSources: [] };
    expect(lines.slice(7)).toEqual([{ ...end, time, outcomes, snapshot: snapshot.id }]);
  });

  it('has names byte-exact', () => {
    const names = [[0xff], [0x0a, 0x61], [0x5c], [0xe2, 0x80, 0xa8], [0xc3, 0xa4]];
    const odd = names.map((bytes) => Buffer.from(bytes));
    makeTree(Object.fromEntries(odd.map((name) => [`odd/${escapeName(name)}`, ''])), cwd);
    expect(run('ingest', 'odd', '--journal', 'J').code).toBe(0);
    const found = entriesIn(linesIn()).map(({ path }) => toBytes(path as string).subarray(4));
    expect(found.sort(Buffer.compare)).toEqual(odd.sort(Buffer.compare));
  });

  it('takes several runs, and goes on after a line that a kill has torn', () => {
    run('ingest', 'src', '--journal', 'J');
    const torn = `${read()}{"journal":1,"time":`;
    fs.writeFileSync(join(cwd, 'J'), torn);
    expect(run('ingest', 'src', '--journal', 'J').code).toBe(0);
    expect(read().startsWith(`${torn}\n{"journal":1,`)).toBe(true);
    expect(
      read()
        .split('\n')
        .filter((line) => line.startsWith('{"end":"done"')),
    ).toHaveLength(2);
  });

  it('in a source, or listed, is left out', () => {
    fs.writeFileSync(join(cwd, 'list'), 'src/J\n');
    for (const more of [[], ['--files-from', 'list']]) {
      const ended = run('ingest', 'src', ...more, '--journal', 'src/J', '--manifest', 'src/M');
      expect(ended.stderr).toContain('ingot: note: the journal J is left out\n');
      expect(ended.stdout).toMatch(/^3 entries/);
    }
  });

  it('says how a run ended that was interrupted, and begins with its line at once', async () => {
    const child = start(['ingest', '--files-from', '-', '--store', 's', '--journal', 'J'], cwd);
    await expect.poll(() => fs.existsSync(join(cwd, 'J')) && read()).toMatch(/^\{"journal":1.*\n$/);
    for (const args of [
      ['src', '--journal', 'J'],
      ['--retry', 'J'],
    ]) {
      const ended = run('ingest', ...args);
      expect(ended.stderr).toMatch(
        /^ingot: cannot \w+ the journal: J: \w+ run is .*writing to it;/,
      );
      expect(ended.code).toBe(1);
    }
    const ended = endOf(child);
    child.kill('SIGINT');
    expect((await ended).code).toBe(130);
    expect(linesIn().at(-1)).toMatchObject({ end: 'interrupted', walked: false });
  });
});

describe('a run whose journal cannot be written', () => {
  it('fails when the disk is full', (context) => {
    demandMounts(context);
    const disk = mountTmpfs('size=16k');
    makeTree(Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`many/${n}`, `${n}`])), cwd);
    const ended = run('ingest', 'many', '--journal', join(disk, 'J'), '-q');
    expect(ended.stderr).toMatch(/^ingot: cannot write the journal: [^\n]*\(ENOSPC\)[^\n]*\n$/);
    expect(ended.code).toBe(1);
  });

  it('fails when its flush does', (context) => {
    demandProgram(context, 'strace');
    const inject = `strace -f -qq -o /dev/null -P "$PWD/J" -e inject=fsync:error=EIO`;
    fs.writeFileSync(join(cwd, 'J'), '');
    const ended = script(`${inject} $INGOT ingest src --store s --journal J -q`, { cwd });
    expect(ended.stderr).toMatch(/^ingot: cannot write the journal: J: [^\n]*\(EIO\)[^\n]*\n$/);
    expect(ended.code).toBe(1);
  });
});

it('a run whose last flush fails takes back what its lines say, and a retry takes it', (context) => {
  demandProgram(context, 'strace');
  run('put', 'src/a');
  const inject = `strace -f -qq -o /dev/null -P "$PWD/s" -e inject=fsync:error=EIO`;
  const ended = script(`${inject} $INGOT ingest src --store s --journal J -q`, { cwd });
  expect(ended.code).toBe(1);
  const lines = linesIn();
  expect(
    entriesIn(lines)
      .map(({ outcome }) => outcome)
      .sort(),
  ).toEqual([...['duplicate', 'duplicate', 'link']]);
  expect(lines.at(-1)).toMatchObject({ end: 'failed', code: 'EIO', takenBack: true });
  const again = run('ingest', '--retry', 'J', '--json');
  expect(again.code).toBe(0);
  expect(JSON.parse(again.stdout).outcomes).toMatchObject({ duplicate: 2, link: 1 });
});

describe('a journal is refused', () => {
  const JOURNAL = '{"journal":1}\n';
  beforeEach(() => {
    makeTree(
      { list: 'src\n', data: 'precious\n', rules: '', old: JOURNAL, fifo: { fifo: true } },
      cwd,
    );
  });

  it.each([
    ['src old --journal old', 'old: it is a source of this run'],
    ['--files-from list --journal list', 'list: it is the list of sources'],
    ['src --exclude-from rules --journal rules', 'rules: it is a file of exclude patterns'],
    ['src --journal data', 'data: what is there is neither empty nor a journal'],
    ['src --journal /dev/fd/7 7>>data', '/dev/fd/7: what is there is neither empty nor a journal'],
    ['src --journal s/x', 'cannot write a file into the store: s/x: '],
    ['src --journal -', 'no journal on standard output'],
    ['src --journal J -n', 'no journal of a dry run'],
    ['src --journal J --manifest J', 'cannot write the manifest: J: it is the journal of this run'],
    ['src --journal old --manifest ./old', './old: it is the journal of this run'],
  ])('as wrong usage: %s', (args, line) => {
    expect(run('put', 'data').code).toBe(0);
    const ended = script(`$INGOT ingest ${args} --store s`, { cwd });
    expect(ended.stderr).toContain(line);
    expect(ended.stderr).toMatch(/^ingot: [^\n]*\n$/);
    expect(ended.code).toBe(2);
    expect([read('data'), read('old'), read('list'), read('rules')]).toEqual([
      ...['precious\n', JOURNAL, 'src\n', ''],
    ]);
    expect([fs.existsSync(join(cwd, 'J')), fs.existsSync(join(cwd, 's/x'))]).toEqual([
      false,
      false,
    ]);
  });

  it.each([
    ['src --journal fifo', 'fifo: it is no regular file'],
    ['src --journal src', 'src: it is a directory'],
    ['src --journal nowhere/J', 'nowhere/J: no such file or directory (ENOENT)'],
  ])('where no file can be added to: %s', (args, line) => {
    const ended = run('ingest', ...args.split(' '));
    expect(ended.stderr).toContain(line);
    expect(ended.stderr).toMatch(/^ingot: [^\n]*\n$/);
    expect(ended.code).toBe(1);
    expect(fs.existsSync(join(cwd, 's'))).toBe(false);
  });

  it('and leaves no empty file when the run does not begin', () => {
    const ended = ingot(['ingest', 'src', '--journal', 'J', '--store', 'src'], { cwd });
    expect(ended.code).toBe(1);
    expect(fs.existsSync(join(cwd, 'J'))).toBe(false);
  });
});
