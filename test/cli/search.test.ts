/** The commands that search and compare snapshots. */
import fs from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Entry } from '../../src/snapshot/entry.ts';
import { makeTree } from '../harness/tree.ts';
import { storeSnapshot } from '../snapshot/stored.ts';
import { directoryAt, fileAt } from '../snapshot/trees.ts';
import { ENTRIES, type Looked, linkAt, lookedAt } from './looked-at.ts';

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

describe('ingot find', () => {
  it('finds by the last name, in every snapshot or those that are named', async () => {
    const later = await storeSnapshot(root, [directoryAt('x'), fileAt('x/report-2.pdf')]);
    expect(lines('find', 'report*.pdf')).toEqual([
      ...[`${id}:2024/report.pdf`, `${later}:x/report-2.pdf`, ''],
    ]);
    expect(lines('find', 'report*.pdf', 'nightly')).toEqual([`${id}:2024/report.pdf`, '']);
    expect(lines('find', '*', 'nightly:2024/sub')).toEqual([
      ...[`${id}:2024/sub (lacks: EACCES)`, `${id}:2024/sub/deep`, ''],
    ]);
    expect(run('find', 'nothing')).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it('finds by the whole path where the pattern has a slash', () => {
    expect(lines('find', '2024/*')).toHaveLength(5);
    expect(lines('find', '/*.pdf')).toEqual(['']);
    expect(lines('find', '**/deep')).toEqual([`${id}:2024/sub/deep`, '']);
    expect(lines('find', 'sub/')).toEqual([`${id}:2024/sub (lacks: EACCES)`, '']);
  });

  it('shows more with -l, and names byte by byte with -0', () => {
    expect(run('find', '-l', 'to').stdout).toBe(
      `lrwxrwxrwx 1000 staff         - 2023-11-14 22:13:20 ${id}:2024/to -> report.pdf\n`,
    );
    expect(run('find', '-0', 'odd*').stdout).toBe(`${id}:odd\n\u001b[31m\\\0`);
    expect(json('find', 'tool')).toMatchObject({
      ...{ pattern: 'tool', entries: [{ snapshot: id, path: '2024/tool' }], damaged: [] },
    });
    expect(events('find', 'tool')).toMatchObject([
      { event: 'entry', snapshot: id, path: '2024/tool' },
      { event: 'report', pattern: 'tool', entries: 1, damaged: 0 },
    ]);
  });

  it('goes on after a damaged snapshot, and exits with 4', () => {
    fs.writeFileSync(join(root, '.ingot/snapshots/20201130T122316Z-75b0c63d'), 'torn');
    const { code, stdout, stderr } = run('find', 'tool');
    expect({ code, stdout }).toEqual({ code: 4, stdout: `${id}:2024/tool\n` });
    expect(stderr).toMatch(/^ingot: snapshot 20201130T122316Z-75b0c63d is damaged: [^\n]*\n$/);
  });
});

describe('ingot log', () => {
  const sources = [{ given: './data', real: '/data' }];
  const next = (entries: readonly Entry[], more: object = {}) =>
    storeSnapshot(root, entries, { sources, host: 'box', ...more });

  it('shows what became of a path, the newest first', async () => {
    const changed = await next([fileAt('z', 'other')], { label: 'nightly' });
    await next([fileAt('z', 'other'), fileAt('y')]);
    const older = await next([{ ...fileAt('z', 'other'), mode: 0o600 }]);
    const gone = await next([fileAt('y')]);
    const link = await next([linkAt('z', 'y')]);
    const shown = lines('log', './z').map((line) => line.replace(/ {2}\d{4}-\S+ \S+/, ''));
    const at = (content: string) =>
      `${String(content.length).padStart(6)} B  ${fileAt('z', content).digest}`;
    expect(shown).toEqual([
      `${link}            added     -> y`,
      `${gone}            removed`,
      `${older}            metadata  ${at('other')}`,
      `${changed}  nightly   modified  ${at('other')}`,
      `${id}  nightly   added     ${at('last')}`,
      '',
    ]);
    expect(lines('log', 'z', '--label', 'nightly')).toHaveLength(3);
    expect(json('log', 'z').versions.map(({ change }: { change: string }) => change)).toEqual([
      ...['added', 'removed', 'metadata', 'modified', 'added'],
    ]);
  });

  it('keeps apart what comes from other sources', async () => {
    await next([fileAt('y')], { sources: [{ given: './other', real: '/other' }] });
    await next(ENTRIES);
    expect(lines('log', 'z')).toHaveLength(2);
  });

  it('says when no snapshot has the path', () => {
    const { code, stdout, stderr } = run('log', 'nothing\n');
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(stderr).toBe('ingot: note: no snapshot has nothing\\x0a\n');
  });
});

describe('ingot diff', () => {
  it('shows what differs between two snapshots', async () => {
    await storeSnapshot(root, [
      ...ENTRIES.slice(0, 2),
      { ...fileAt('2024/report.pdf', 'a report'), mode: 0o600 },
      { ...fileAt('2024/tool', 'yy'), mode: 0o6755, uid: 0, mtime: -1n },
      linkAt('2024/to', 'elsewhere'),
      fileAt('2024/sub', 'a file now'),
      fileAt('new'),
      ...ENTRIES.slice(7),
    ]);
    expect(lines('diff', 'latest~1', 'latest')).toEqual([
      'metadata  2024/report.pdf (-rw-r--r-- -> -rw-------)',
      'type      2024/sub (directory -> file)',
      'removed   2024/sub/deep',
      'modified  2024/to (report.pdf -> elsewhere)',
      'modified  2024/tool (1 B -> 2 B)',
      'added     new',
      '1 added, 1 removed, 2 modified, 1 of another type, 1 with other metadata',
      '',
    ]);
    expect(lines('diff', 'latest:2024/tool', 'nightly:2024/tool')[0]).toBe(
      'modified  . (2 B -> 1 B)',
    );
    expect(lines('diff', '--name-only', 'nightly:2024', 'latest:2024')).toEqual([
      ...['report.pdf', 'sub', 'sub/deep', 'to', 'tool', ''],
    ]);
    expect(run('diff', '-0', 'nightly', 'latest').stdout).toMatch(/^[^\n]*\0new\0$/);
    const { differences, counts } = json('diff', 'nightly', 'latest');
    expect(differences[1]).toMatchObject({
      ...{ path: '2024/sub', change: 'type', fields: ['type'] },
      ...{ before: { type: 'directory' }, after: { type: 'file', size: 10 } },
    });
    expect(counts).toEqual({ added: 1, removed: 1, modified: 2, type: 1, metadata: 1 });
  });

  it('answers with its exit code', async () => {
    await storeSnapshot(root, ENTRIES);
    expect(run('diff', 'latest', 'nightly', '-q')).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(run('diff', 'latest', 'nightly', '--exit-code').code).toBe(0);
    await storeSnapshot(root, ENTRIES.slice(0, -1));
    expect(run('diff', 'latest', 'nightly', '-q')).toEqual({ code: 1, stdout: '', stderr: '' });
    expect(run('diff', 'latest', 'nightly', '--exit-code').code).toBe(1);
    expect(run('diff', 'latest', 'nightly').code).toBe(0);
    expect(run('diff', 'latest', 'nothing').code).toBe(1);
    expect(run('diff', 'latest', 'nothing', '-q').code).toBe(2);
  });

  it('compares with a directory, and a name that is two things is refused', () => {
    makeTree({ 'data/2024/report.pdf': 'a report', 'data/z': 'LAST', 'nightly/x': '' }, cwd);
    const { code, stdout } = run('diff', '--name-only', 'latest', 'data');
    expect(code).toBe(0);
    expect(stdout.split('\n')).toEqual(expect.arrayContaining(['z', '2024/sub', '2024/tool']));
    expect(run('diff', '--name-only', 'latest', './data').stdout).toBe(stdout);
    const both = run('diff', 'nightly', 'data');
    expect(both.code).toBe(2);
    expect(both.stderr).toMatch(
      /^ingot: two things have this name: nightly: [^\n]*'nightly:' for the snapshot, '\.\/nightly'[^\n]*\n$/,
    );
    expect(run('diff', 'nightly:', './data').code).toBe(0);
    expect(run('diff', 'latest', './nothing').stderr).toMatch(
      /^ingot: cannot look at what is compared: \.\/nothing: [^\n]*ENOENT[^\n]*\n$/,
    );
  });
});
