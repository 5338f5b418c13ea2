/** The question before sources are removed, what is refused, and what is said. */
import fs from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { demandTerminal } from '../harness/mounts.ts';
import { type Ended, ingot, script } from '../harness/run.ts';
import { makeTree } from '../harness/tree.ts';
import { LATER } from '../ingest/again.ts';

const env = { NODE_OPTIONS: `--import ${LATER}` };

let cwd: string;
beforeEach(() => {
  cwd = makeTree({ 'src/a': 'hello', 'src/d/b': 'other', 'src/d/l': { symlink: 'b' } });
});

const left = (): string[] =>
  fs.readdirSync(join(cwd, 'src'), { recursive: true }).sort() as string[];
const WHOLE = ['a', 'd', 'd/b', 'd/l'];

describe('at a terminal', () => {
  beforeEach((context) => demandTerminal(context));

  /** Types it when the question is there. */
  function answer(keys: string, flags = ''): Ended {
    const command = `$INGOT ingest src --store s --remove-source ${flags}`;
    return script(
      `(while ! grep -q 'y/N' shown; do sleep 0.05; done; printf '${keys}'; sleep 0.5) |
      script -qefc "${command}" shown`,
      { cwd, env, timeout: 30_000 },
    );
  }

  it.each(['y\\n', 'YES\\n'])('%j removes', (keys) => {
    const { code, stdout } = answer(keys);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /ingot: snapshot \S+ has all 5 entries \(10 B\); remove them from src\? \[y\/N\] /,
    );
    expect(stdout).toContain('  removed 2 files, 1 link, 1 directory (10 B) of the sources');
    expect(left()).toEqual([]);
  });

  it.each(['n\\n', '\\n', 'what\\n', '\\004'])('%j removes nothing', (keys) => {
    const { code, stdout } = answer(keys);
    expect(code).toBe(0);
    expect(stdout).toContain('note: nothing is removed of the sources: the answer was no');
    expect(stdout).not.toContain('removed 0');
    expect(left()).toEqual(WHOLE);
  });

  it('Ctrl-C removes nothing, and the snapshot stays', () => {
    const { code, stdout } = answer('\\003');
    expect(code).toBe(130);
    expect(stdout).toContain('the removal of the sources was interrupted');
    expect(left()).toEqual(WHOLE);
    const { stdout: snapshots } = ingot(['snapshots', '--store', 's', '-q'], { cwd });
    expect(stdout).toContain(snapshots.trim());
  });

  it('the question is asked beside any output', () => {
    expect(answer('y\\n', '--json -q')).toMatchObject({ code: 0 });
    expect(left()).toEqual([]);
  });
});

it.each([
  [
    '',
    /: wrong usage: --remove-source asks before it removes, and there is no terminal; add --yes/,
  ],
  ['--yes -n', /no removal of sources here: a dry run stores nothing/],
  ['--yes --no-snapshot', /no removal of sources here: only what a snapshot has is removed/],
  ['--yes --durability none', /no removal of sources here: .* nothing is durable/],
  ['--yes --files-from list', /no removal of sources here: what a list names is not removed/],
])('is refused before anything is done: --remove-source %s', (flags, why) => {
  fs.writeFileSync(join(cwd, 'list'), 'src/a\n');
  const args = flags.split(' ').filter((flag) => flag !== '');
  const ended = ingot(['ingest', 'src', '--store', 's', '--remove-source', ...args], { cwd, env });
  expect(ended).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(why) });
  expect(fs.existsSync(join(cwd, 's'))).toBe(false);
  expect(left()).toEqual(WHOLE);
});

it.each([
  ['--yes alone', ['ingest', 'src', '--yes'], 'add --remove-source'],
  ['a plan that removes', ['plan', 'src', '--remove-source'], 'unknown option'],
])('%s is refused', (_, args, why) => {
  const ended = ingot([...args, '--store', 's'], { cwd });
  expect(ended).toMatchObject({ code: 2, stderr: expect.stringContaining(why) });
});

describe('what stays', () => {
  const removing = (...flags: string[]) =>
    ingot(['ingest', 'src', '--store', 's', '--remove-source', '--yes', ...flags], { cwd });

  it('is named with why', () => {
    const { code, stdout, stderr } = removing();
    expect(code).toBe(3);
    expect(stderr.split('\n')).toEqual([
      expect.stringMatching(
        /^ingot: stays: cannot remove a source entry: src\/a: .*; run it again$/,
      ),
      expect.stringMatching(/^ingot: stays: cannot remove a source entry: src\/d\/b: /),
      expect.stringMatching(/^ingot: stays: cannot remove a source entry: src\/d\/l: /),
      '',
    ]);
    expect(stdout).toContain(
      '  removed 0 files (0 B) of the sources\n  NOT REMOVED: too-young 3\n',
    );
    expect(stdout).toContain('  left 1 directory: not empty\n');
    expect(left()).toEqual(WHOLE);
  });

  it('is one line for a directory when there are many, and -v names each', () => {
    for (let n = 0; n < 20; n++) fs.writeFileSync(join(cwd, 'src/d', `f${n}`), 'x');
    expect(removing().stderr).toMatch(/^ingot: stays: 22 entries of one directory: src\/d: /m);
    expect(removing('-v').stderr.match(/^ingot: stays: /gm)?.length).toBe(23);
  });

  it('is an event of its own for machines', () => {
    const events = removing('--json=events').stdout.trimEnd().split('\n');
    const stayed = events.map((line) => JSON.parse(line)).filter(({ event }) => event === 'stayed');
    expect(events.some((line) => line.startsWith('{"event":"removing","entriesFound":5,'))).toBe(
      true,
    );
    expect(stayed[0]).toMatchObject({
      ...{ path: 'src/a', why: 'too-young' },
      failure: { code: 'INGOT_TOO_YOUNG', path: 'src/a' },
    });
    expect(JSON.parse(events.at(-1)!).removed).toEqual({
      ...{ files: 0, links: 0, directories: 0, bytes: 0, gone: 0, notEmpty: 1 },
      stayed: [['too-young', 3]],
    });
  });
});
