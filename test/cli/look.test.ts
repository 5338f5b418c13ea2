/** The commands that list snapshots, and give back a file. */
import fs from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Entry } from '../../src/snapshot/entry.ts';
import { demandTerminal } from '../harness/mounts.ts';
import { ingot, script } from '../harness/run.ts';
import { tempStore } from '../harness/temp-store.ts';
import { storeSnapshot } from '../snapshot/stored.ts';
import { directoryAt, fileAt, numbered } from '../snapshot/trees.ts';
import { type Looked, lookedAt, TIME } from './looked-at.ts';

let looked: Looked;
let [root, cwd, id] = ['', '', ''];
beforeEach(async () => {
  looked = await lookedAt();
  ({ root, cwd, id } = looked);
});
const run: Looked['run'] = (...args) => looked.run(...args);
const lines: Looked['lines'] = (...args) => looked.lines(...args);
const json: Looked['json'] = (...args) => looked.json(...args);
const events: Looked['events'] = (...args) => looked.events(...args);

describe('ingot snapshots', () => {
  it('lists them, the oldest first, and says what one lacks', async () => {
    const lacks = [
      ['EACCES', 2],
      ['changed', 1],
    ] as const;
    const later = await storeSnapshot(root, [fileAt('x', 'new')], {
      ...{ complete: false, lacks, host: 'other', added: 1234, time: TIME + 1000 },
      sources: [
        { given: 'a\nb', real: '/a' },
        { given: 'c', real: '/c' },
      ],
    });
    expect(run('snapshots')).toEqual({
      code: 0,
      stderr: '',
      stdout: [
        'ID                         TIME                 LABEL    HOST   ENTRIES  SIZE    ADDED  SOURCES',
        `${id}  2026-11-30 14:02:03  nightly  box         10  29 B      0 B  ./data`,
        `${later}  2026-11-30 14:02:04           other        1   3 B  1.23 kB  (incomplete: EACCES 2, changed 1) a\\x0ab, c`,
        '',
      ].join('\n'),
    });
    expect(run('snapshots', '-q').stdout).toBe(`${id}\n${later}\n`);
  });

  it('gives all that is known of them to machines', () => {
    const expected = {
      ...{ id, label: 'nightly', host: 'box', time: '2026-11-30T14:02:03.000Z', complete: true },
      ...{ sources: [{ given: './data', real: '/data' }], users: [{ id: 0, name: 'root' }] },
      ...{ root: { entries: 10, size: 29 }, added: 0, lacks: [] },
    };
    const { snapshots, damaged } = json('snapshots');
    expect(snapshots).toMatchObject([expected]);
    expect(damaged).toEqual([]);
    expect(events('snapshots')).toMatchObject([
      { event: 'snapshot', ...expected },
      { event: 'report', snapshots: 1, damaged: 0 },
    ]);
  });

  it('names those that are damaged, lists the others, and exits with 4', () => {
    fs.writeFileSync(join(root, '.ingot/snapshots/20991130T122316Z-75b0c63d'), 'torn');
    fs.writeFileSync(join(root, '.ingot/snapshots/somebody-elses'), '');
    const { code, stdout, stderr } = run('snapshots');
    expect(code).toBe(4);
    expect(stdout.split('\n').length).toBe(3);
    expect(stderr).toMatch(
      /^ingot: snapshot 20991130T122316Z-75b0c63d is damaged: [^\n]+\ningot: snapshot somebody-elses is damaged: [^\n]+\n$/,
    );
    expect(json('snapshots').damaged).toMatchObject([
      { id: '20991130T122316Z-75b0c63d', failure: { code: 'INGOT_DAMAGED' } },
      { id: 'somebody-elses' },
    ]);
  });

  it('says in one line that a store of an older ingot has none', () => {
    const old = tempStore();
    const { code, stdout, stderr } = ingot(['snapshots', '--store', old]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(stderr).toMatch(/^ingot: note: nothing was recorded: [^\n]*\n$/);
    const ls = ingot(['ls', '--store', old]);
    expect({ ...ls, stderr: '' }).toEqual({ code: 1, stdout: '', stderr: '' });
    expect(ls.stderr).toMatch(/^ingot: no such snapshot: latest: nothing was recorded: [^\n]*\n$/);
  });

  it('cuts its lines at the width of a terminal', (context) => {
    demandTerminal(context);
    const { stdout } = script(
      `stty cols 60; script -qec "stty cols 60; $INGOT snapshots --store ${root}" /dev/null`,
    );
    const shown = stdout.split('\r\n').filter((line) => line !== '');
    expect(shown.map((line) => [...line].length)).toEqual([60, 60]);
    expect(shown[1]).toMatch(/^20261130T140203Z.*…$/);
  });
});

describe('ingot ls', () => {
  it('lists a directory, one name a line, and what is missing as such', () => {
    expect(lines('ls')).toEqual([
      ...['2024', 'odd\\x0a\\x1b[31m\\x5c', 'socket (missing: socket)', 'z', ''],
    ]);
    expect(lines('ls', 'nightly:2024/')).toEqual([
      ...['report.pdf', 'sub (lacks: EACCES)', 'to', 'tool', ''],
    ]);
  });

  it('lists all below with -R, a directory before what is in it', () => {
    expect(lines('ls', '-R', `${id}:2024`)).toEqual([
      ...['report.pdf', 'sub (lacks: EACCES)', 'sub/deep', 'to', 'tool', ''],
    ]);
  });

  it('shows what ls -l shows with -l', () => {
    expect(lines('ls', '-l', 'latest:2024')).toEqual([
      '-rw-r--r-- 1000 staff         8 2023-11-14 22:13:20 report.pdf',
      'drwxr-xr-x 1000 staff         - 2023-11-14 22:13:20 sub (lacks: EACCES)',
      'lrwxrwxrwx 1000 staff         - 2023-11-14 22:13:20 to -> report.pdf',
      '-rwsr-sr-x root staff         1 1969-12-31 23:59:59 tool',
      '',
    ]);
    expect(run('ls', '-l').stdout).toContain(
      '?--------- ?    ?             - ?                   socket (missing: socket)\n',
    );
  });

  it('gives times that no calendar has in seconds, as touch -d takes them', async () => {
    const far = (path: string, mtime: bigint): Entry => ({ ...fileAt(path, 'x'), mtime });
    const last = 8_640_000_000_000n * 10n ** 9n;
    await storeSnapshot(root, [
      ...[directoryAt(''), far('a', 9_000_000_000_000_000_000_000_001n)],
      ...[
        far('b', -9_000_000_000_000_000_000_000_001n),
        far('c', last),
        far('d', last + 10n ** 9n),
      ],
    ]);
    expect(lines('ls', '-l')).toEqual([
      '-rw-r--r-- 1000 1000         1 @9000000000000000   a',
      '-rw-r--r-- 1000 1000         1 @-9000000000000001  b',
      '-rw-r--r-- 1000 1000         1 275760-09-13 00:00:00 c',
      '-rw-r--r-- 1000 1000         1 @8640000000001      d',
      '',
    ]);
    const { entries } = json('ls');
    expect(entries.map(({ mtime }: { mtime: string }) => mtime)).toEqual([
      ...['@9000000000000000.000000001', '@-9000000000000000.000000001'],
      ...['+275760-09-13T00:00:00.000000000Z', '@8640000000001'],
    ]);
  });

  it('lists a file itself', () => {
    expect(run('ls', 'latest:2024/tool').stdout).toBe('2024/tool\n');
    expect(run('ls', '-R', 'latest:2024/tool').stdout).toBe('2024/tool\n');
  });

  it('gives names byte by byte with -0', () => {
    expect(run('ls', '-0').stdout).toBe('2024\0odd\n\u001b[31m\\\0socket\0z\0');
  });

  it('gives entries to machines', () => {
    const report = {
      ...{ type: 'file', path: '2024/report.pdf', mode: '0644', uid: 1000, gid: 1000, size: 8 },
      ...{ mtime: '2023-11-14T22:13:20.123456789Z' },
      digest: fileAt('x', 'a report').digest,
    };
    const document = json('ls', 'latest:2024');
    expect(document).toMatchObject({ snapshot: id, path: '2024' });
    expect(document.entries[0]).toEqual(report);
    expect(document.entries[3]).toMatchObject({
      ...{ path: '2024/tool', mode: '6755', mtime: '1969-12-31T23:59:59.999999999Z' },
    });
    expect(events('ls', 'latest:2024')).toMatchObject([
      { event: 'entry', ...report },
      { event: 'entry', type: 'directory', lacks: 'EACCES' },
      { event: 'entry', type: 'link', target: 'report.pdf' },
      { event: 'entry', path: '2024/tool' },
      { event: 'report', snapshot: id, path: '2024', entries: 4 },
    ]);
    expect(json('ls', 'latest:2024/sub').entries.length).toBe(1);
    expect(json('ls').entries[1].path).toBe('odd\n\u001b[31m\\');
  });

  it('ends its document in order when it fails in the middle', async () => {
    await storeSnapshot(root, [directoryAt('d'), ...numbered('d', 3_000)]);
    const segments = join(root, '.ingot/segments');
    const whole = json('ls', '-R');
    for (const name of fs.readdirSync(segments)) {
      const bytes = fs.readFileSync(join(segments, name), 'utf8');
      if (!bytes.includes('"file-02999"')) continue;
      fs.rmSync(join(segments, name));
    }
    const { code, stdout } = run('ls', '-R', '--json');
    const document = JSON.parse(stdout);
    expect(code).toBe(4);
    expect(document.error.code).toBe('INGOT_DAMAGED');
    expect(whole.entries.slice(0, document.entries.length)).toEqual(document.entries);
  });

  it('says what it was not given, in one line', () => {
    const cases: [string, number, RegExp][] = [
      ['latest:nothing', 1, /no such path: nothing: it is not in snapshot /],
      ['weekly', 1, /no such snapshot: weekly: .*its labels are nightly/],
      ['nightly~1', 1, /no such snapshot: nightly~1: of this label there are only 1/],
      ['latest:../x', 2, /not the name of a snapshot: latest:\.\.\/x: its path has a '\.\.'/],
      ['', 2, /not the name of a snapshot: .*it names no snapshot/],
    ];
    for (const [name, code, line] of cases) {
      const ended = run('ls', name);
      expect({ ...ended, stderr: '' }).toEqual({ code, stdout: '', stderr: '' });
      expect(ended.stderr).toMatch(line);
      expect(ended.stderr).toMatch(/^ingot: [^\n]*\n$/);
    }
  });

  it('never takes an older snapshot for a newest one that is damaged', () => {
    fs.writeFileSync(join(root, '.ingot/snapshots/20991130T122316Z-75b0c63d'), 'torn');
    const latest = run('ls', 'latest');
    expect(latest.code).toBe(4);
    expect(latest.stderr).toMatch(
      /^ingot: snapshot 20991130T122316Z-75b0c63d is damaged: [^\n]+\n$/,
    );
    const nightly = run('ls', 'nightly');
    expect(nightly.code).toBe(0);
    expect(nightly.stderr).toMatch(/^ingot: note: snapshot 2099.* it may be a newer one\n$/);
    expect(run('ls', 'latest~1').stdout).toBe(nightly.stdout);
    fs.renameSync(
      join(root, '.ingot/snapshots/20991130T122316Z-75b0c63d'),
      join(root, '.ingot/snapshots/zzz'),
    );
    expect(run('ls', 'latest')).toEqual({ code: 0, stdout: nightly.stdout, stderr: '' });
  });

  it('stops when its reader goes', async () => {
    await storeSnapshot(root, [directoryAt('d'), ...numbered('d', 30_000)]);
    const { stdout } = script(`$INGOT ls -R --store ${root} | head -n 2; echo \${PIPESTATUS[0]}`);
    expect(stdout).toBe('d\nd/file-00000\n141\n');
  });
});

describe('ingot cat', () => {
  it('gives the content of a file', () => {
    expect(run('cat', 'latest:2024/report.pdf')).toEqual({
      ...{ code: 0, stdout: 'a report', stderr: '' },
    });
    expect(run('cat', 'nightly:z', '-o', 'out', '--json').stdout).toContain('"size": 4');
    expect(fs.readFileSync(join(cwd, 'out'), 'utf8')).toBe('last');
    expect(run('cat', `latest:odd\n\u001b[31m\\`).stdout).toBe('odd');
  });

  it('refuses what is no file, in one line', () => {
    for (const [name, why] of [
      ['latest', /it is a directory/],
      ['latest:2024', /it is a directory/],
      ['latest:2024/to', /it is a link/],
      ['latest:socket', /the snapshot lacks it/],
    ] as const) {
      const { code, stderr } = run('cat', name);
      expect(code).toBe(1);
      expect(stderr).toMatch(why);
      expect(stderr).toMatch(/^ingot: [^\n]*\n$/);
    }
  });

  it('never gives out a damaged content whole, nor in the place of a file', () => {
    const object = join(root, fileAt('x', 'a report').digest);
    fs.chmodSync(object, 0o644);
    fs.writeFileSync(object, 'a repork');
    fs.writeFileSync(join(cwd, 'out'), 'old');
    const { code, stdout, stderr } = run('cat', 'latest:2024/report.pdf');
    expect(code).toBe(4);
    expect(stdout).not.toBe('a repork');
    expect(stderr).toMatch(/^ingot: object [0-9a-f]{64} is damaged: [^\n]*\n$/);
    expect(run('cat', 'latest:2024/report.pdf', '-o', 'out').code).toBe(4);
    expect(fs.readFileSync(join(cwd, 'out'), 'utf8')).toBe('old');
    fs.rmSync(object);
    const lost = run('cat', 'latest:2024/report.pdf');
    expect(lost).toMatchObject({ code: 4, stdout: '' });
    expect(lost.stderr).toMatch(
      /^ingot: the content of a file is lost: 2024\/report\.pdf: object [0-9a-f]{64} is not in the store; [^\n]*\n$/,
    );
  });
});
