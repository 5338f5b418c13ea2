import fs from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { demandTerminal } from '../harness/mounts.ts';
import { type Ended, ingot, script, UNPRIVILEGED } from '../harness/run.ts';
import { makeTree } from '../harness/tree.ts';

const HELLO = '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824';
const TREE = { 'src/a': 'hello', 'src/b': 'hello', 'src/c\nd': 'other', 'src/l': { symlink: 'a' } };

let cwd: string;
const run = (...args: string[]): Ended => ingot([...args, '--store', 's'], { cwd });

beforeEach(() => {
  cwd = makeTree(TREE);
});

function damage(): void {
  const path = join(cwd, 's', HELLO);
  fs.chmodSync(path, 0o644);
  fs.writeFileSync(path, 'hellp');
}

describe('ingot ingest', () => {
  it('names what a list names and is not there, and exits with 3', () => {
    fs.writeFileSync(join(cwd, 'list'), 'src/a\r\nsrc/b\n');
    const ended = run('ingest', '--files-from', 'list');
    expect(ended.stderr).toMatch(/^ingot: unreadable: a listed path does not exist: src\/a\\x0d: /);
    expect(ended.code).toBe(3);
    expect(ended.stdout).toContain('unreadable 1');
  });

  it('tells what it did', () => {
    const { code, stdout, stderr } = run('ingest', 'src');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout.split('\n');
    expect(lines[0]).toMatch(
      /^4 entries in 1 directory, [\d.]+ s \([\d,]+ files\/s, [\d.]+ MB\/s\)$/,
    );
    expect(lines[1]).toBe('  new 2  duplicate 1  link 1');
    expect(lines[2]).toMatch(
      /^ {2}snapshot \d{8}T\d{6}Z-[0-9a-f]{8}: 5 entries, \d+ B of its own$/,
    );
    expect(lines[3]).toBe('  read 15 B, wrote 10 B, saved 5 B by dedup');
    expect(lines[4]).toMatch(
      /^ {2}flushed \d+ shared barriers?.*, \d+ single files?, \d+ director/,
    );
    expect(lines[5]).toMatch(
      /^ {2}bottleneck: \w+ \(walk \d+ %, read .* publish \d+ %; \d+ workers?\)$/,
    );
    expect(lines.slice(6)).toEqual(['']);
  });

  it('says loudly that nothing is durable or stored when that is so', () => {
    expect(run('ingest', 'src', '-n').stdout).toMatch(
      /would write 10 B[\s\S]*\nDRY RUN: nothing was stored\n$/,
    );
    expect(fs.existsSync(join(cwd, 's'))).toBe(false);
    expect(run('ingest', 'src', '--durability', 'none').stdout).toMatch(
      /flushed nothing[\s\S]*\nNOT DURABLE: /,
    );
  });

  it('tells whose temps it removed', () => {
    run('ingest', 'src');
    const dead = (first: string) => `s/.tmp-${first.padEnd(32, '0')}/lock`;
    makeTree({ [dead('a')]: '' }, cwd);
    expect(run('ingest', 'src').stdout).toContain('  removed the temps of 1 dead writer\n');
    makeTree({ [dead('a')]: '', [dead('b')]: '' }, cwd);
    expect(run('ingest', 'src').stdout).toContain('  removed the temps of 2 dead writers\n');
    expect(run('ingest', 'src').stdout).not.toContain('removed');
  });

  it('names a damaged object that it repaired', () => {
    run('ingest', 'src');
    fs.chmodSync(join(cwd, 's', HELLO), 0o644);
    fs.truncateSync(join(cwd, 's', HELLO));
    expect(run('ingest', 'src').stdout).toContain(`repaired a damaged object: ${HELLO}\n`);
    expect(fs.readFileSync(join(cwd, 's', HELLO), 'utf8')).toBe('hello');
  });

  it('prints nothing with -q, and each entry with -v', () => {
    expect(run('ingest', 'src', '-q')).toEqual({ code: 0, stdout: '', stderr: '' });
    const lines = run('ingest', 'src', '-v').stdout.split('\n').slice(0, 4).sort();
    expect(lines).toEqual([
      'duplicate   src/a',
      'duplicate   src/b',
      'duplicate   src/c\\x0ad',
      'link        src/l',
    ]);
  });

  it('names what it could not read, and exits 3', () => {
    fs.mkdirSync(join(cwd, 'src/sub'));
    fs.chmodSync(join(cwd, 'src/sub'), 0);
    const store = makeTree({ store: { directory: true } });
    const ended = script(`${UNPRIVILEGED} $INGOT ingest src --store ${store}/s`, { cwd });
    expect(ended.stderr).toMatch(
      /^ingot: unreadable: [^\n]*src\/sub: permission denied \(EACCES\)[^\n]*\n$/,
    );
    expect(ended.stdout).toContain('  unreadable 1\n');
    expect(ended.code).toBe(3);
  });

  it('counts what it could not read of one directory, and names each where that was asked for', () => {
    fs.writeFileSync(
      join(cwd, 'list'),
      Array.from({ length: 11 }, (_, n) => `no/f${n}\n`).join(''),
    );
    const list = ['ingest', '--files-from', 'list'];
    const told = run(...list);
    expect(told.stderr).toBe(
      'ingot: unreadable: 11 entries of one directory: no: ' +
        'no such file or directory (ENOENT); -v names each\n',
    );
    expect(told.code).toBe(3);
    const each = /^ingot: unreadable: a listed path does not exist: no\/f\d+: /gm;
    for (const more of ['-v', '--json', '--json=events'])
      expect(run(...list, more).stderr.match(each)?.length).toBe(11);
    const events = run(...list, '--json=events').stdout.match(/"event":"entry"/g);
    expect(events?.length).toBe(11);
  });

  it('names what it could not read before the error that ended it', () => {
    fs.writeFileSync(join(cwd, 'list'), 'no\nsrc/a\n');
    const ended = run('ingest', '--files-from', 'list', '--manifest', '/dev/full');
    expect(ended.stderr).toMatch(
      /^ingot: unreadable: [^\n]*no: [^\n]*\ningot: cannot write [^\n]*\n$/,
    );
    expect(ended.code).toBe(1);
  });

  it('gives the report as one JSON document', () => {
    const report = JSON.parse(run('ingest', '--json', 'src').stdout);
    expect(report).toMatchObject({
      entries: 4,
      outcomes: { new: 2, duplicate: 1, link: 1 },
    });
  });

  it('gives events as JSON lines that end in the report', () => {
    const { stdout } = run('ingest', '--json=events', '-v', 'src');
    const events = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const names = events.map(({ event }) => event);
    expect(new Set(names)).toEqual(new Set(['entry', 'progress', 'report']));
    expect(names.at(-1)).toBe('report');
    expect(
      events
        .filter(({ event }) => event === 'entry')
        .map(({ path }) => path)
        .sort(),
    ).toEqual(['src/a', 'src/b', 'src/c\nd', 'src/l']);
  });

  it('writes a manifest that sha256sum accepts, to a file or to stdout', () => {
    expect(run('ingest', 'src', '--manifest', 'm').code).toBe(0);
    expect(script('cd src && sha256sum --strict -c ../m', { cwd })).toMatchObject({
      code: 0,
      stderr: '',
    });
    const { stdout, stderr } = run('ingest', 'src', '--manifest', '-');
    expect(stdout).toBe(fs.readFileSync(join(cwd, 'm'), 'utf8'));
    expect(stderr).toMatch(/^4 entries in/);
  });

  it('makes no store when the manifest cannot be written', () => {
    const { code, stderr } = run('ingest', 'src', '--manifest', 'nowhere/manifest');
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(/^ingot: cannot write the manifest: nowhere\/manifest: .*\n$/),
    });
    expect(fs.existsSync(join(cwd, 's'))).toBe(false);
  });

  it('takes a source whose name is not UTF-8', () => {
    fs.writeFileSync(Buffer.from(`${cwd}/\xff`, 'latin1'), 'hello');
    const text = "$INGOT ingest $'\\xff' --store s -v; $INGOT put $'\\xff' --store s";
    const { code, stdout } = script(text, { cwd });
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`\\\\xff\\n[\\s\\S]*\\n${HELLO}\\n$`));
  });
});

describe('ingot put and get', () => {
  it('bring back what they were given, from a file or stdin, to stdout or a file', () => {
    expect(run('put', 'src/a')).toEqual({ code: 0, stdout: `${HELLO}\n`, stderr: '' });
    expect(ingot(['put', '-', '--store', 's'], { cwd, input: 'hello' }).stdout).toBe(`${HELLO}\n`);
    expect(run('get', HELLO)).toEqual({ code: 0, stdout: 'hello', stderr: '' });
    expect(run('get', HELLO, '-o', 'out')).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(fs.readFileSync(join(cwd, 'out'), 'utf8')).toBe('hello');
    expect(JSON.parse(run('put', 'src/a', '--json').stdout)).toMatchObject({
      outcome: 'duplicate',
    });
  });

  it('never pass on a damaged object as if it were sound', () => {
    run('put', 'src/a');
    damage();
    fs.writeFileSync(join(cwd, 'out'), 'old');
    const toStdout = run('get', HELLO);
    expect(toStdout.code).toBe(4);
    expect(toStdout.stderr).toMatch(/^ingot: [^\n]*damaged[^\n]*\n$/);
    expect(toStdout.stdout).not.toBe('hellp');
    expect(run('get', HELLO, '-o', 'out').code).toBe(4);
    expect(fs.readFileSync(join(cwd, 'out'), 'utf8')).toBe('old');
    expect(fs.readdirSync(cwd).sort()).toEqual(['out', 's', 'src']);
  });

  it('show a stack only with --debug', () => {
    expect(run('put', 'gone').stderr).not.toMatch(/\n {4}at /);
    expect(run('put', 'gone', '--debug').stderr).toMatch(/\n {4}at /);
  });
});

describe('ingot verify', () => {
  it('finds a sound store sound', () => {
    run('ingest', 'src');
    const { code, stdout } = run('verify');
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^2 objects checked, 10 B in .*; 0 objects damaged; 1 snapshot checked, 0 damaged\n$/,
    );
    expect(run('verify', '--sample', '100%', '-q')).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it('names each damaged object and exits 4, quarantines it, and an ingest heals it', () => {
    run('ingest', 'src');
    damage();
    const { code, stdout } = run('verify');
    expect(code).toBe(4);
    expect(stdout).toMatch(new RegExp(`^damaged ${HELLO}: it hashes to `));
    const moved = JSON.parse(run('verify', '--quarantine', '--json').stdout);
    expect(moved).toMatchObject({ damaged: 1, quarantined: 1, objects: [{ digest: HELLO }] });
    expect(fs.existsSync(moved.objects[0].quarantined)).toBe(true);
    run('ingest', 'src');
    expect(run('verify').code).toBe(0);
  });

  it('tells, as stats does, of objects that a kill has left on the way to quarantine', () => {
    run('ingest', 'src');
    const moving = join(cwd, 's', '.ingot', 'moving');
    fs.mkdirSync(moving);
    fs.renameSync(join(cwd, 's', HELLO), join(moving, `${HELLO}.0`));
    const told =
      /; 1 object on the way to quarantine, which .* `ingot verify --quarantine` moves on(;|$)/m;
    // The snapshot names it, and nobody can read it until then.
    expect(run('verify')).toMatchObject({ code: 4, stdout: expect.stringMatching(told) });
    expect(run('stats').stdout).toMatch(told);
    expect(JSON.parse(run('verify', '--json').stdout)).toMatchObject({ checked: 1, unsettled: 1 });
    expect(JSON.parse(run('verify', '--quarantine', '--json').stdout).unsettled).toBe(0);
    expect(run('verify').stdout).toMatch(
      /^2 objects checked, .*; 0 objects damaged; .*, 0 damaged\n$/,
    );
    expect(run('stats').stdout).not.toContain('on the way');
  });
});

it('a sharded store that was copied without its empty folders takes new objects', () => {
  run('ingest', 'src', '--layout', 'sharded');
  for (const name of fs.readdirSync(join(cwd, 's')))
    if (name.length === 2 && fs.readdirSync(join(cwd, 's', name)).length === 0)
      fs.rmdirSync(join(cwd, 's', name));
  makeTree(Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`more/${n}`, `${n}`])), cwd);
  expect(run('ingest', 'more', '-q')).toEqual({ code: 0, stdout: '', stderr: '' });
  expect(run('verify').stdout).toMatch(
    /^52 objects checked, .*; 0 objects damaged; .*, 0 damaged\n$/,
  );
});

describe('ingot relayout and stats', () => {
  it('move the objects and show what is there', () => {
    run('ingest', 'src');
    expect(run('relayout', '--to', 'sharded').stdout).toBe('layout sharded: 2 objects moved\n');
    expect(fs.existsSync(join(cwd, 's', HELLO.slice(0, 2), HELLO))).toBe(true);
    expect(run('get', HELLO).stdout).toBe('hello');
    expect(run('stats').stdout).toMatch(/layout +sharded[\s\S]*objects +2, 10 B/);
    expect(JSON.parse(run('stats', '--json').stdout)).toMatchObject({
      objects: 2,
      layout: 'sharded',
    });
  });
});

describe('the progress of a relayout', () => {
  it('is an event that says what there is to do, and what is done', () => {
    run('ingest', 'src');
    const { stdout } = run('relayout', '--to', 'sharded', '--json=events');
    const events = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const last = events.findLast(({ event }) => event === 'progress');
    expect(last).toMatchObject({ entriesFound: 2, entriesDone: 2, walking: false, moved: 2 });
  });

  it('is a bar in a terminal, and is left out where nobody wants it', (context) => {
    demandTerminal(context);
    run('ingest', 'src');
    const inTerminal = (to: string) =>
      script(`script -qec "$INGOT relayout --store s --to ${to}" /dev/null`, { cwd }).stdout;
    expect(inTerminal('sharded')).toMatch(/100 % \[={20}\] 2\/2 objects/);
    expect(inTerminal('flat --no-progress')).toBe('layout flat: 2 objects moved\r\n');
  });
});

describe('the program', () => {
  it('prints its version and its help on stdout', () => {
    for (const args of [['--version'], ['-V'], ['version']])
      expect(ingot(args)).toMatchObject({ code: 0, stdout: '0.1.0\n', stderr: '' });
    const help = ingot(['--help']);
    expect(help.code).toBe(0);
    for (const name of ['ingest', 'put', 'get', 'verify', 'relayout', 'stats', 'doctor'])
      expect(help.stdout).toMatch(new RegExp(`\\n  ${name} `));
  });
});
