/** `ingest --retry`: what failed in the last run of a journal, and what is no journal. */
import fs from 'node:fs';
import { join } from 'node:path';
import { ingest } from 'ingot';
import { beforeEach, describe, expect, it } from 'vitest';
import { sha256 } from '../harness/ingest-tree.ts';
import { type Ended, ingot, start } from '../harness/run.ts';
import { objectsIn } from '../harness/store-checks.ts';
import { makeTree } from '../harness/tree.ts';

const OUTCOMES = {
  ...{ new: 'n', duplicate: 'd', unchanged: 'u', link: 'l', excluded: 'e', unsupported: 'k' },
  ...{ changed: 'changed', unreadable: 'unreadable', vanished: 'vanished', unfinished: 'un' },
};
const FAILED = ['changed', 'unreadable', 'vanished', 'unfinished'] as const;

let cwd: string;
beforeEach(() => {
  const files = Object.keys(OUTCOMES).map((outcome) => [`src/${outcome}`, `content ${outcome}`]);
  cwd = makeTree({ ...Object.fromEntries(files), 'lost/a': 'a', 'lost/b/c': 'c' });
});

const run = (...args: string[]): Ended => ingot([...args, '--store', 's'], { cwd });
const line = (value: object) => `${JSON.stringify(value)}\n`;
const begin = (more: object = {}) => line({ journal: 1, cwd: fs.realpathSync(cwd), ...more });
const END = { end: 'done', walked: true, takenBack: false, lostSources: [] };
const end = (more: object = {}) => line({ ...END, ...more });
const entry = (outcome: string, path = `src/${outcome}`) => line({ path, outcome });
const all = () =>
  Object.keys(OUTCOMES)
    .map((outcome) => entry(outcome))
    .join('');

function retry(journal: string | Buffer, ...more: readonly string[]): Ended {
  fs.writeFileSync(join(cwd, 'J'), journal);
  return run('ingest', '--retry', 'J', ...more);
}

/** The entries that a retry took, by their paths. */
function takenBy(journal: string | Buffer, ...more: readonly string[]): string[] {
  const { stdout } = retry(journal, '--json=events', '-v', ...more);
  const events = stdout
    .split('\n')
    .slice(0, -1)
    .map((each) => JSON.parse(each));
  return events.flatMap(({ event, path }) => (event === 'entry' ? path : [])).sort();
}

describe('a retry takes', () => {
  it('what failed, and nothing else', () => {
    const ended = retry(begin() + all() + end());
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    const stored = FAILED.map((outcome) => sha256(`content ${outcome}`));
    expect(objectsIn(join(cwd, 's')).sort()).toEqual(stored.sort());
  });

  it('what failed in the last run only', () => {
    const runs = begin() + all() + end() + begin() + entry('changed') + end();
    expect(takenBy(runs)).toEqual(['src/changed']);
  });

  it('all that a run has stored whose last flush failed', () => {
    const takenBack = begin() + all() + end({ end: 'failed', takenBack: true });
    const stored = ['duplicate', 'link', 'new', 'unchanged'];
    expect(takenBy(takenBack)).toEqual([...FAILED, ...stored].map((name) => `src/${name}`).sort());
  });

  it('all of a source that was lost', () => {
    const lostSources = [{ path: 'lost', code: 'ENOENT' }];
    const journal = begin() + entry('vanished', 'lost/a') + end({ lostSources });
    expect(takenBy(journal)).toEqual(['lost/a', 'lost/b/c']);
  });

  it('a directory that could not be read, whatever its name', () => {
    makeTree({ 'odd\\\udcff\n/f': '' }, cwd);
    // As Python spells it.
    expect(takenBy(`${begin()}{"path":"odd\\\\\\udcff\\n","outcome":"unreadable"}\n`)).toHaveLength(
      1,
    );
  });

  it('more entries than are handed on at a time', () => {
    const names = Array.from({ length: 2500 }, (_, n) => `many/${n}`);
    makeTree(Object.fromEntries(names.map((name) => [name, ''])), cwd);
    const entries = names.map((name) => entry('unfinished', name)).join('');
    expect(takenBy(begin() + entries + end())).toEqual(names.sort());
  });

  it('what is gone by now: it is unreadable, or has vanished again', () => {
    for (const outcome of ['vanished', 'changed']) fs.rmSync(join(cwd, 'src', outcome));
    const { code, stderr } = retry(begin() + entry('vanished') + end());
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: expect.stringMatching(
        /^ingot: vanished: an entry has vanished: src\/vanished: .*\n$/,
      ),
    });
    const other = retry(begin() + entry('vanished') + entry('changed') + end());
    expect(other.stderr).toMatch(/ingot: unreadable: a listed path does not exist: src\/changed: /);
    expect(other.code).toBe(3);
    const lostSources = [{ path: 'lost', code: 'ENOENT' }];
    fs.rmSync(join(cwd, 'lost'), { recursive: true });
    const lost = retry(begin() + entry('vanished', 'lost') + end({ lostSources }));
    expect(lost.code).toBe(3);
  });

  it('what excludes leave of it', () => {
    const excluded = retry(begin() + all() + end(), '--exclude', 'un*', '--json');
    expect(JSON.parse(excluded.stdout).outcomes).toMatchObject({ new: 2, excluded: 2 });
  });
});

describe('a retry and its journal', () => {
  it('may be one file, run after run until nothing is left', () => {
    const failing = join(cwd, 'src', 'later');
    fs.writeFileSync(join(cwd, 'list'), 'src/new\nsrc/later\n');
    expect(run('ingest', '--files-from', 'list', '--journal', 'J').code).toBe(3);
    const again = () => run('ingest', '--retry', 'J', '--journal', 'J', '-v');
    expect(again()).toMatchObject({ code: 3, stdout: expect.not.stringContaining('src/new') });
    fs.writeFileSync(failing, 'now it is there');
    expect(again()).toMatchObject({ code: 0, stdout: expect.stringContaining('src/later') });
    const snapshots = run('snapshots', '-q').stdout;
    const last = again();
    expect(last.code).toBe(0);
    expect(last.stderr).toMatch(/^ingot: note: nothing to retry: [^\n]*\n$/);
    expect(run('snapshots', '-q').stdout).toBe(snapshots);
    const runs = fs.readFileSync(join(cwd, 'J'), 'utf8').match(/"retry":"J"/g);
    expect(runs).toHaveLength(3);
  });

  it('cannot be planned differently: plan takes the same', () => {
    fs.writeFileSync(join(cwd, 'J'), begin() + all() + end());
    expect(JSON.parse(run('plan', '--retry', 'J', '--json').stdout)).toMatchObject({ entries: 4 });
  });

  it.each([
    ['src', '--retry', 'J'],
    ['--retry', 'J', '--files-from', 'J'],
  ])('leave no room for other sources: %s', (...args) => {
    fs.writeFileSync(join(cwd, 'J'), begin() + end());
    const ended = run('ingest', ...args);
    expect(ended.stderr).toMatch(/^ingot: no sources beside a retry: [^\n]*\n$/);
    expect(ended.code).toBe(2);
  });
});

describe('of a run that did not end well', () => {
  const unknown = 'and entries without a line in it are unknown: ingest its sources again\n';
  const killed = `ingot: note: the last run in J was killed, ${unknown}`;

  it('and was killed the lines count, and the torn one does not', () => {
    for (const torn of ['', '{"path":"src/unread', '\0\0\0\0']) {
      const journal = begin() + entry('changed') + torn;
      expect(retry(journal)).toMatchObject({ code: 0, stderr: killed });
      expect(takenBy(journal)).toEqual(['src/changed']);
    }
  });

  it('and was killed at once nothing is known', () => {
    const ended = retry(`${begin() + entry('new') + end()}{"journ`);
    expect(ended.stderr).toContain(killed);
    expect(ended.stderr).toContain('ingot: note: nothing to retry: ');
    expect(ended.code).toBe(0);
  });

  it('and was interrupted not all is known', () => {
    const journal = begin() + entry('unfinished') + end({ end: 'interrupted', walked: false });
    expect(retry(journal).stderr).toBe(
      `ingot: note: the last run in J ended before it had met all entries, ${unknown}`,
    );
  });

  it('a kill is seen', async () => {
    const child = start(['ingest', '--files-from', '-', '--store', 's', '--journal', 'J'], cwd);
    const size = () => fs.statSync(join(cwd, 'J'), { throwIfNoEntry: false })?.size ?? 0;
    await expect.poll(size).toBeGreaterThan(0);
    const closed = new Promise((resolve) => child.on('close', resolve));
    child.kill('SIGKILL');
    await closed;
    expect(run('ingest', '--retry', 'J').stderr).toContain(killed);
  });
});

describe('what is no journal is refused', () => {
  it.each([
    ['an empty file', '', 'J: it is empty: no run has written to it'],
    ['text', 'src/a\n', 'J: it does not begin as a journal does'],
    ['a file without lines', Buffer.alloc(9 << 20, 'x'), 'J: a line of it is too long'],
    ['one of a newer format', '{"journal":2}\n', 'J: its format 2 is newer than this ingot'],
    ['a line that is none', () => `${begin()}{"a":1}\n`, 'J: its outcome is missing or wrong'],
    ['an unknown outcome', () => begin() + entry('lost'), 'J: its outcome is missing or wrong'],
    [
      'a path that is none',
      () => `${begin()}{"path":7,"outcome":"new"}\n`,
      'J: its path is missing',
    ],
    ['an empty path', () => begin() + entry('changed', ''), 'J: a path in it is empty'],
    ['damage', () => `${begin()}x\n${entry('changed')}`, 'J: a line of its last run is damaged'],
  ])('%s', (_, journal, why) => {
    const ended = retry(typeof journal === 'function' ? journal() : journal);
    expect(ended.stderr).toContain(`ingot: cannot read the journal: ${why}`);
    expect(ended.stderr).toMatch(/^[^\n]*\n$/);
    expect(ended.code).toBe(2);
    expect(fs.existsSync(join(cwd, 's'))).toBe(false);
  });

  it.each([
    ['nowhere', 'nowhere: no such file or directory (ENOENT)'],
    ['src', 'src: it is no regular file'],
    ['/dev/null', '/dev/null: it is no regular file'],
  ])('%s', (name, why) => {
    const ended = run('ingest', '--retry', name);
    expect(ended.stderr).toContain(`ingot: cannot read the journal: ${why}`);
    expect(ended.code).toBe(2);
  });
});

it('an aborted retry rejects with the reason of the signal', async () => {
  fs.writeFileSync(join(cwd, 'J'), begin() + all() + end());
  const options = { retry: join(cwd, 'J'), signal: AbortSignal.abort(new Error('enough')) };
  await expect(ingest(join(cwd, 's'), [], options)).rejects.toThrow('enough');
});

describe('the directory in which the paths begin', () => {
  const elsewhere = () => line({ journal: 1, cwd: '/elsewhere' });

  it('has to be the working directory', () => {
    const ended = retry(elsewhere() + entry('changed') + end());
    expect(ended.stderr).toBe(
      'ingot: cannot retry here: J: its paths begin in /elsewhere; change to that directory\n',
    );
    expect(ended.code).toBe(2);
  });

  it('does not matter to absolute paths', () => {
    const journal = elsewhere() + entry('changed', join(cwd, 'src/changed')) + end();
    expect(retry(journal)).toMatchObject({ code: 0, stderr: '' });
  });
});
