import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it } from 'vitest';
import { demandMounts } from '../harness/mounts.ts';
import { type Ended, ingot, script, tempsIn, UNPRIVILEGED } from '../harness/run.ts';
import { makeTree } from '../harness/tree.ts';

const FAULTY_WORKERS = fileURLToPath(new URL('../fixtures/faulty-workers.mjs', import.meta.url));

let cwd: string;
beforeEach(() => {
  cwd = makeTree({ 'src/a': 'hello', 'src/b': 'world' });
});

const HELLO = '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824';

/** Exit code, nothing on stdout, and a single line on stderr. */
function expectLine(ended: Ended, code: number, line: RegExp): void {
  expect(ended.stderr).toMatch(/^ingot: [^\n]*\n$/);
  expect(ended.stderr).toMatch(line);
  expect(ended).toMatchObject({ code, stdout: '' });
}

describe('a source', () => {
  it('that is missing is named before anything is stored', () => {
    expectLine(
      ingot(['ingest', 'src', 'gone', '--store', 's'], { cwd }),
      1,
      /: gone: .*\(ENOENT\)/,
    );
    expect(fs.existsSync(join(cwd, 's'))).toBe(false);
  });

  it('that may not be looked at is not said to be missing', () => {
    fs.chmodSync(cwd, 0o755);
    fs.mkdirSync(join(cwd, 'locked/src'), { recursive: true });
    fs.chmodSync(join(cwd, 'locked'), 0o600);
    const ended = script(`${UNPRIVILEGED} $INGOT ingest locked/src --store s`, { cwd });
    expectLine(ended, 1, /locked\/src: permission denied \(EACCES\); check the modes/);
  });

  it('that is a socket is refused', () => {
    const folder = makeTree({ sock: { socket: true } });
    expectLine(
      ingot(['ingest', 'sock', '--store', 's'], { cwd: folder }),
      1,
      /: sock: it is a socket/,
    );
  });

  it('that is an empty directory is a success with zero entries', () => {
    const folder = makeTree({ empty: { directory: true } });
    const ended = ingot(['ingest', 'empty', '--store', 's'], { cwd: folder });
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(ended.stdout).toMatch(
      /^0 entries in 1 directory.*\n {2}snapshot .*: 1 entry, .*\n {2}read 0 B/,
    );
  });

  it('is needed', () => {
    expectLine(ingot(['ingest', '--store', 's'], { cwd }), 2, /no source given/);
  });
});

describe('a store', () => {
  it('must be named by --store or $INGOT_STORE', () => {
    expectLine(ingot(['ingest', 'src'], { cwd }), 2, /neither --store nor \$INGOT_STORE is set/);
    expectLine(ingot(['ingest', 'src'], { cwd, env: { INGOT_STORE: '' } }), 2, /no store given/);
    expect(ingot(['ingest', 'src'], { cwd, env: { INGOT_STORE: 's' } }).code).toBe(0);
  });

  it('that is not there is not made by commands that only look', () => {
    for (const args of [['get', HELLO], ['verify'], ['stats'], ['relayout', '--to', 'flat']]) {
      expectLine(ingot([...args, '--store', 's'], { cwd }), 1, /: \S*\bs: /);
      expect(fs.existsSync(join(cwd, 's'))).toBe(false);
    }
  });

  it.each(['src/a', 'src/a/below'])('that is a file, or below one, is refused: %s', (store) => {
    expectLine(
      ingot(['ingest', 'src', '--store', store], { cwd }),
      1,
      /it is a file, or below one/,
    );
    expect(fs.readFileSync(join(cwd, 'src/a'), 'utf8')).toBe('hello');
  });

  it.each(['ingest', 'put'])('whose path is a link to nothing is not made: %s', (command) => {
    fs.symlinkSync('nowhere', join(cwd, 'link'));
    const ended = ingot([command, 'src/a', '--store', 'link'], { cwd });
    expectLine(ended, 1, /not a store: \S*link: it is a link that leads nowhere/);
    expect(fs.existsSync(join(cwd, 'nowhere'))).toBe(false);
  });

  it('whose path is a link to itself is told so, and not to be damaged', () => {
    fs.symlinkSync('loop', join(cwd, 'loop'));
    const ended = ingot(['stats', '--store', 'loop'], { cwd });
    expectLine(ended, 1, /cannot open the store: \S*loop: too many symbolic links.*\(ELOOP\)\n$/);
  });

  it('that is a directory of something else is refused and not touched', () => {
    expectLine(ingot(['ingest', 'src/a', '--store', 'src'], { cwd }), 1, /src: .*not empty/);
    expect(fs.readdirSync(join(cwd, 'src'))).toEqual(['a', 'b']);
  });

  it('that has to be there is not to be an empty directory', () => {
    const commands = [['get', HELLO], ['verify'], ['stats'], ['relayout', '--to', 'flat']];
    for (const args of commands)
      expectLine(
        ingot([...args, '--store', 'src'], { cwd }),
        1,
        /not a store: \S*src: .*; name an existing store\n$/,
      );
    expectLine(
      ingot(['put', 'src/a', '--store', 'src'], { cwd }),
      1,
      /an empty directory or a new/,
    );
  });

  it('of a newer format is refused and not touched', () => {
    const json = '{"format":99,"layout":"flat"}';
    makeTree({ 's/.ingot/store.json': json }, cwd);
    expectLine(ingot(['ingest', 'src', '--store', 's'], { cwd }), 1, /has format 99.*newer ingot/);
    expect(fs.readFileSync(join(cwd, 's/.ingot/store.json'), 'utf8')).toBe(json);
    expect(fs.readdirSync(join(cwd, 's'))).toEqual(['.ingot']);
  });

  it('with a broken store.json is refused and not touched', () => {
    makeTree({ 's/.ingot/store.json': '{"format":' }, cwd);
    expectLine(ingot(['ingest', 'src', '--store', 's'], { cwd }), 1, /store\.json: not valid JSON/);
    expect(fs.readdirSync(join(cwd, 's'))).toEqual(['.ingot']);
  });
});

describe('a digest', () => {
  it('that is malformed is wrong usage', () => {
    ingot(['ingest', 'src', '--store', 's'], { cwd });
    for (const [text, why] of [
      ['abc', /not a digest: abc: expected 64 hexadecimal digits, got 3 characters; give/],
      [`${HELLO}0`, /expected 64 hexadecimal digits, got 65 characters/],
      ['../src/a', /not a digest: ..\/src\/a: .*'ingot put' prints it/],
      [HELLO.replace('b', 'g'), /character 7 is 'g', not a hexadecimal digit/],
      [HELLO.replace('b', '\u200b'), /character 7 is '\\u200b', not/],
    ] as const)
      expectLine(ingot(['get', text, '--store', 's'], { cwd }), 2, why);
  });

  it('in capitals is the same', () => {
    ingot(['ingest', 'src', '--store', 's'], { cwd });
    const { code, stdout } = ingot(['get', HELLO.toUpperCase(), '--store', 's'], { cwd });
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'hello' });
    expectLine(
      ingot(['get', HELLO.replace('2', 'A').toUpperCase(), '--store', 's'], { cwd }),
      1,
      new RegExp(HELLO.replace('2', 'a')),
    );
  });

  it('that is unknown is named', () => {
    ingot(['ingest', 'src', '--store', 's'], { cwd });
    const unknown = HELLO.replace('2', '3');
    expectLine(ingot(['get', unknown, '--store', 's'], { cwd }), 1, new RegExp(unknown));
  });
});

describe('a file', () => {
  it('whose name is - is a source as any other', () => {
    makeTree({ '-': 'dash' }, cwd);
    expect(ingot(['ingest', '-', '--store', 's', '-q'], { cwd })).toMatchObject({ code: 0 });
  });
});

describe('an option', () => {
  it.each([
    [['ingest', 'src', '--threads', '0'], /--threads.*'0'/],
    [['ingest', 'src', '--threads', 'x'], /--threads.*'x'/],
    [['ingest', 'src', '--threads', '1.5'], /--threads.*'1\.5'/],
    [['ingest', 'src', '--threads', '-1'], /--threads.*'-1'/],
    [['ingest', 'src', '--durability', 'some'], /--durability.*'some'.*group, file, none/],
    [['ingest', 'src', '--barrier', 'x'], /--barrier/],
    [['ingest', 'src', '--layout', 'x'], /--layout/],
    [['ingest', 'src', '--colour'], /unknown option '--colour'/],
    [['ingest', 'src', '--json=lines'], /unknown option '--json=lines'/],
    [['ingest', 'src', '--null'], /--null.*--files-from/],
    [['verify', '--sample', '5'], /--sample.*'5' is invalid\. Write 5%\n$/],
    [['verify', '--sample', '0.05'], /--sample.*'0.05'.* such as 5% or 0.5%/],
    [['verify', '--sample', '0%'], /--sample.*'0%'/],
    [['verify', '--sample', '101%'], /--sample.*'101%'/],
    [['verify', '--sample', '5%', '--sample', '6%'], /--sample.*given before/],
    [['relayout'], /--to/],
    [['doctor', '--threads', '0'], /--threads.*'0'/],
    [['doctor', '--expect', 'many'], /--expect.*'many'/],
    [['doctor', '--seconds', '0'], /--seconds.*'0'/],
    [['doctor', 'here'], /too many arguments.*; name the store with --store DIR/],
    [['put'], /missing required argument 'file'/],
    [['put', 'a', 'b'], /too many arguments.*; 'ingot ingest' takes any number of files/],
    [['put', 'src'], /: src: it is a directory.*; use 'ingot ingest'/],
    [['put', ''], /the empty string is not a path/],
    [['get', HELLO, HELLO], /too many arguments.*; give one digest at a time/],
    [['ingest', '-'], /'ingot put -'.*--files-from -/],
    [['ingest', 'src', '-'], /'ingot put -'.*--files-from -/],
    [['ingets'], /unknown command 'ingets' \(Did you mean ingest\?\)/],
    [['help', 'ingets'], /unknown command 'ingets' \(Did you mean ingest\?\)/],
    [
      ['xyz'],
      /unknown command 'xyz'; the commands are ingest, plan, put, get, .*; see 'ingot --help'/,
    ],
    [['help', 'xyz'], /unknown command 'xyz'; the commands are/],
    [['--store', 's', 'stats'], /unknown option '--store'; the command comes first/],
    [['relayout'], /--to <layout>.*; see 'ingot relayout --help'/],
    [['tree'], /unknown command 'tree': 'ingot ls' lists a snapshot/],
    [['help', 'tree'], /unknown command 'tree': 'ingot ls' lists a snapshot/],
    [['extract', 'x'], /unknown command 'extract': 'ingot restore SNAP TARGET' gives a tree/],
    [['restore', 'x'], /missing required argument 'target'/],
    [['restore', 'x', 'y', '--delete'], /--delete is about a target.*; add --overwrite/],
    [
      ['restore', 'x', 'y', '--overwrite', 'always', '--delete', '--include', 'z'],
      /--delete removes what --include leaves out; drop one/,
    ],
    [['restore', 'x', 'y', '--overwrite', 'maybe'], /never, if-changed, always/],
    [['restore', 'x', ''], /the empty string is not a path/],
    [['rm', '-r', 'x'], /unknown command 'rm': use 'ingot forget SNAPSHOT', then 'ingot gc'/],
    [['forget'], /nothing to forget: neither snapshots nor a rule/],
    [['forget', '--group-by', 'host'], /nothing to forget: neither snapshots nor a rule/],
    [['forget', 'x', '--keep-last', '1'], /snapshots are named, and a rule says which to keep/],
    [['forget', 'x:y'], /cannot forget a part of a snapshot: x:y/],
    [['forget', '--keep-last', '0'], /not a whole number of at least 1/],
    [['forget', '--keep-last', '1', '--keep-last', '2'], /It was given before/],
    [['forget', '--keep-within', '1x'], /not a span of time: 1x is no number/],
    [['forget', '--keep-last', '1', '--group-by', 'user'], /Its parts are label, host, sources/],
    [['gc', '--older-than', 'x'], /not a span of time: x/],
    [['gc', 'x'], /too many arguments/],
    [['unpin', 'x'], /not a digest/],
    [['unforget'], /missing required argument 'snapshots'/],
    [['unforget', 'x~y'], /not the name of a snapshot/],
    [['compare'], /unknown command 'compare': use 'ingot diff BEFORE AFTER'/],
    [['backup', '/'], /unknown command 'backup': use 'ingot ingest SOURCE'/],
    [['check', '--json=x'], /unknown command 'check': use 'ingot verify'/],
  ])('that is wrong is refused with exit code 2: %j', (args, line) => {
    const env = { INGOT_STORE: 's' };
    expectLine(ingot(args, { cwd, env }), 2, line);
    expect(fs.existsSync(join(cwd, 's'))).toBe(false);
  });

  it('that would mix two outputs on stdout is refused, in JSON too', () => {
    for (const args of [
      ['ingest', 'src', '--manifest', '-'],
      ['get', HELLO],
    ]) {
      const ended = ingot([...args, '--json', '--store', 's'], { cwd });
      expect(ended.code).toBe(2);
      expect(ended.stderr).toMatch(/^ingot: wrong usage: .*--json .*stdout.*\n$/);
      expect(JSON.parse(ended.stdout).error.code).toBe('INGOT_USAGE');
    }
  });

  it.each([
    [['ingest', 'src', '--nope'], /unknown option '--nope'/],
    [['ingest', 'src', '--threads', 'x'], /argument 'x' is invalid/],
    [['get'], /missing required argument/],
    [['ingets'], /unknown command/],
  ])('that is wrong is told to machines, too: %j', (args, why) => {
    const document = ingot([...args, '--json', '--store', 's'], { cwd });
    expect(document.code).toBe(2);
    expect(JSON.parse(document.stdout).error).toMatchObject({
      code: 'INGOT_USAGE',
      why: expect.stringMatching(why),
    });
    const events = ingot([...args, '--json=events', '--store', 's'], { cwd });
    expect(JSON.parse(events.stdout)).toMatchObject({
      event: 'error',
      error: { code: 'INGOT_USAGE' },
    });
    // What comes after -- is no option.
    expect(ingot([...args, '--', '--json'], { cwd }).stdout).toBe('');
  });

  it('with a pattern that is too long to be one is refused', () => {
    const ended = ingot(['ingest', 'src', '--store', 's', '--exclude', '?'.repeat(100_000)], {
      cwd,
    });
    expectLine(ended, 2, /cannot use the exclude patterns: one of them is too long/);
    expect(fs.existsSync(join(cwd, 's'))).toBe(false);
  });

  it('is not even needed to learn that a command is', () => {
    for (const args of [[], ['--']])
      expectLine(ingot(args), 2, /no command given; the commands are ingest, .*'ingot --help'/);
  });
});

const NAMESPACES = spawnSync('unshare', ['-rm', 'true']).status === 0;

/** Runs a script with a small file system of its own mounted at `disk`. */
function onDisk(options: string, text: string): Ended {
  fs.mkdirSync(join(cwd, 'disk'));
  const inside = `mount -t tmpfs -o ${options} tmpfs disk && { ${text}; }`;
  return script(`export INGOT; unshare -rm bash -c '${inside}'`, { cwd });
}

describe('a disk', () => {
  beforeEach((context) => {
    if (!NAMESPACES) context.skip('unshare(1) may not mount anything here');
  });

  it('that is full is named, with what is needed, and nothing torn is left', () => {
    fs.writeFileSync(join(cwd, 'src/big'), Buffer.alloc(3 << 20, 'x'));
    const run =
      '$INGOT ingest src --store disk/s --no-progress -q; code=$?; ls -A disk/s; exit $code';
    const ended = onDisk('size=2m', run);
    expect(ended.stderr).toMatch(/^ingot: [^\n]*\(ENOSPC\)[^\n]*disk\/s [^\n]* MiB [^\n]*\n$/);
    expect(ended.code).toBe(1);
    for (const name of ended.stdout.trim().split('\n'))
      expect(name).toMatch(/^(\.ingot|[0-9a-f]{64})$/);
  });

  it('without inodes is told from one without space', () => {
    for (let n = 0; n < 60; n++) fs.writeFileSync(join(cwd, `src/${n}`), `${n}`);
    const ended = onDisk(
      'size=8m,nr_inodes=40',
      '$INGOT ingest src --store disk/s --no-progress -q',
    );
    expectLine(ended, 1, /no inodes left/);
  });

  it('that is read-only is named', () => {
    const run = '$INGOT put src/a --store disk/s && mount -o remount,ro disk && $INGOT';
    const made = onDisk('size=8m', `${run} ingest src --store disk/s`);
    expect(made.stderr).toMatch(/^ingot: [^\n]*disk\/s[^\n]*\(EROFS\)[^\n]*\n$/);
    expect(made.code).toBe(1);
  });
});

describe('the machine', () => {
  it('that gives few addresses is enough', () => {
    // A table for all the claims that there may ever be does not fit.
    const ended = script('ulimit -v 4500000; $INGOT ingest src --store s -q', { cwd });
    expect(ended).toMatchObject({ code: 0, stderr: '' });
  });

  it('that has no /proc is enough', (context) => {
    demandMounts(context);
    const run = 'mount -t tmpfs none /proc && exec $INGOT ingest src --store s -q --barrier fsync';
    const ended = script(`unshare -m bash -c '${run}'`, { cwd });
    expect(ended).toMatchObject({ code: 0, stderr: '' });
  });

  it('that lets too few files be open is told how to let more', () => {
    const limits = [24, 32, 40, 48, 56, 96];
    const run = (limit: number) =>
      script(`ulimit -n ${limit}; $INGOT ingest src --store s${limit} --threads 8 -q`, { cwd });
    const failures = limits.map(run).filter(({ code }) => code !== 0);
    for (const failure of failures) expectLine(failure, 1, /./);
    // With some limits it is a package.json that Node cannot open, and says so in its own way.
    const shortages = failures
      .map(({ stderr }) => stderr)
      .filter((line) => line.includes('EMFILE'));
    expect(shortages.length).toBeGreaterThan(failures.length / 2);
    for (const line of shortages)
      expect(line).toMatch(/raise the limit of open files \(ulimit -n\)/);
    expect(failures.length).toBeLessThan(limits.length);
  });

  it('that cannot even load what tells of errors is told so in one line', () => {
    const copy = makeTree({});
    fs.cpSync(fileURLToPath(new URL('../../dist/src', import.meta.url)), copy, { recursive: true });
    const text = 'EMFILE: too many open files, open x';
    const broken = `throw Object.assign(new Error('${text}'), { code: 'EMFILE' });`;
    fs.writeFileSync(join(copy, 'start.cjs'), broken);
    const ended = script(`${process.execPath} ${copy}/cli/main.cjs stats --store s`, { cwd });
    expectLine(ended, 1, /: EMFILE: too many open files, open x; raise the limit of open files/);
  });

  it('whose worker dies gets one clear line, and no temp stays', () => {
    fs.writeFileSync(join(cwd, 'src/kill-me'), 'x');
    const env = { NODE_OPTIONS: `--import ${FAULTY_WORKERS}`, FAULT: 'exit' };
    expectLine(
      ingot(['ingest', 'src', '--store', 's', '-q'], { cwd, env }),
      1,
      /a worker thread died/,
    );
    expect(tempsIn(join(cwd, 's'))).toEqual([]);
  });
});

describe('stdout that is closed early', () => {
  it('does not stop an ingest half way', () => {
    for (let n = 0; n < 3000; n++) fs.writeFileSync(join(cwd, `src/${n}`), `${n}`);
    const run = 'set -o pipefail; $INGOT ingest src --store s -v --no-progress | head -1';
    const ended = script(run, { cwd });
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(fs.readdirSync(join(cwd, 's')).length).toBe(3003);
  });

  it('does not stop an ingest whose manifest goes there', () => {
    const run = 'set -o pipefail; $INGOT ingest src --store s --manifest - -q | true';
    expect(script(run, { cwd })).toMatchObject({ code: 0, stderr: '' });
  });

  it('ends what only prints, quietly', () => {
    fs.writeFileSync(join(cwd, 'src/big'), Buffer.alloc(4 << 20));
    const put = ingot(['put', 'src/big', '--store', 's'], { cwd });
    const get = `$INGOT get ${put.stdout.trim()} --store s | head -c 3 | wc -c; exit \${PIPESTATUS[0]}`;
    expect(script(get, { cwd })).toMatchObject({ code: 141, stderr: '', stdout: '3\n' });
  });

  it.each(['put src/a --store s', '--help', '--version', `get ${HELLO} --store s`])(
    'that has no room is an error: %s',
    (args) => {
      ingot(['ingest', 'src', '--store', 's', '-q'], { cwd });
      const ended = script(`$INGOT ${args} > /dev/full`, { cwd });
      expectLine(ended, 1, /cannot write to standard output.*ENOSPC/);
    },
  );

  it.each(['--help', '--version', 'ingest --help'])('ends %s quietly', (args) => {
    // The reader is gone before the first byte.
    const ended = script(`(sleep 0.5; exec $INGOT ${args}) | true; exit \${PIPESTATUS[0]}`, {
      cwd,
    });
    expect(ended).toMatchObject({ code: 141, stderr: '', stdout: '' });
  });
});
