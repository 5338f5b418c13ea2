/** The commands that let go of snapshots, and bring them back. */
import fs from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { demandTerminal } from '../harness/mounts.ts';
import { ingot, script } from '../harness/run.ts';
import { expectWholeSnapshots } from '../harness/store-checks.ts';
import { makeTree, temporaryDirectory } from '../harness/tree.ts';

let [cwd, store] = ['', ''];
let ids: string[];
beforeEach(() => {
  cwd = temporaryDirectory();
  store = join(cwd, 'store');
  makeTree({ 'a/one': 'one', two: 'two' }, join(cwd, 'source'));
  ids = ['nightly', 'nightly', 'other'].map((label, at) => {
    fs.writeFileSync(join(cwd, 'source/two'), `two ${at}`);
    const { stdout, stderr } = run('ingest', 'source', '--label', label, '--host', 'box', '--json');
    expect(stderr).toBe('');
    return JSON.parse(stdout).snapshot.id;
  });
});

const run = (...args: string[]) => ingot([...args, '--store', store], { cwd, env: { TZ: 'UTC' } });
const listed = (...args: string[]) =>
  run('snapshots', '-q', ...args)
    .stdout.split('\n')
    .slice(0, -1);

describe('ingot forget', () => {
  it('says of each what becomes of it, and why', () => {
    const { code, stdout, stderr } = run('forget', '--keep-last', '1');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.replace(/ \d{4}-\d\d-\d\d \d\d:\d\d:\d\d /g, ' TIME ')).toBe(
      [
        'ID                         TIME                 LABEL    HOST  OUTCOME    WHY',
        `${ids[0]}  TIME  nightly  box   forgotten  no rule keeps it`,
        `${ids[1]}  TIME  nightly  box   kept       newest complete one, last 1`,
        `${ids[2]}  TIME  other    box   kept       newest complete one, last 1`,
        "1 snapshot forgotten, 2 kept; 'ingot unforget' brings them back until 'ingot gc' has run",
        '',
      ].join('\n'),
    );
    expect(listed()).toEqual([ids[1], ids[2]]);
    expect(listed('--forgotten')).toEqual([ids[0]]);
  });

  it('does nothing in a dry run, and is quiet when it is asked to be', () => {
    const { stdout } = run('forget', 'other', '-n');
    expect(stdout).toContain('would be forgotten  named');
    expect(stdout).toContain('\n1 snapshot would be forgotten, 0 kept\n');
    expect(listed()).toEqual(ids);
    expect(run('forget', 'other', '-q').stdout).toBe('');
    expect(listed()).toEqual(ids.slice(0, 2));
  });

  it('gives all of it to machines', () => {
    const { snapshots, ...rest } = JSON.parse(run('forget', 'nightly~1', 'other', '--json').stdout);
    expect(rest).toEqual({ dryRun: false, kept: 0, forgotten: 2, damaged: [] });
    const source = { given: 'source', real: join(cwd, 'source') };
    expect(snapshots).toMatchObject([
      { id: ids[0], label: 'nightly', host: 'box', sources: [source], outcome: 'forgotten' },
      { id: ids[2], complete: true, why: ['named'] },
    ]);
    const events = run('forget', '--keep-last', '1', '--json=events').stdout.trimEnd().split('\n');
    expect(events.map((line) => JSON.parse(line))).toMatchObject([
      { event: 'snapshot', id: ids[1], outcome: 'kept' },
      { event: 'report', dryRun: false, kept: 1, forgotten: 0 },
    ]);
  });

  it('groups by what it is told', () => {
    run('forget', '--keep-last', '1', '--group-by', 'host,sources');
    expect(listed()).toEqual([ids[2]]);
  });

  it('names what is damaged, and leaves it', () => {
    const path = join(store, '.ingot/snapshots', ids[2]!);
    fs.chmodSync(path, 0o644);
    fs.truncateSync(path, 50);
    const { code, stdout, stderr } = run('forget', '--keep-last', '1');
    expect(code).toBe(4);
    expect(stderr).toMatch(new RegExp(`^ingot: snapshot ${ids[2]} is damaged: [^\n]*\n$`));
    expect(stdout).toContain(`${ids[0]}`);
    expect(fs.existsSync(path)).toBe(true);
    // Who names others did not ask.
    expect(run('forget', ids[1]!)).toMatchObject({ code: 0, stderr: '' });
  });

  it('has nothing to do in a store without snapshots, and finds none there', () => {
    const args = (command: string, ...more: string[]) => [command, ...more, '--store', 'new'];
    ingot(args('put', 'source/two'), { cwd });
    expect(ingot(args('forget', '--keep-last', '1'), { cwd })).toEqual({
      code: 0,
      stdout: '',
      stderr: "ingot: note: nothing was recorded: 'ingot ingest SOURCE' records a snapshot\n",
    });
    for (const command of ['forget', 'unforget']) {
      const { code, stderr } = ingot(args(command, 'latest'), { cwd });
      expect(code).toBe(1);
      expect(stderr).toMatch(/^ingot: no such snapshot: latest: [^\n]*\n$/);
    }
    expect(ingot(args('snapshots', '--forgotten'), { cwd }).stderr).toBe(
      'ingot: note: no snapshot is forgotten\n',
    );
  });
});

describe('ingot gc', () => {
  it('says what it has freed, and how long others waited', () => {
    run('forget', ids[0]!);
    expect(run('gc', '-n').stdout).toMatch(
      /^would free [\d.]+ k?B: 1 object, \d segments? of 1 forgotten snapshot\n$/,
    );
    expect(run('gc').stdout).toMatch(
      /^freed [\d.]+ k?B: 1 object, \d segments? of 1 forgotten snapshot\nothers waited [\d.]+ m?s at most\n$/,
    );
    expect(expectWholeSnapshots(store)).toEqual(ids.slice(1));
    expect(run('unforget', ids[0]!)).toMatchObject({ code: 1 });
    expect(run('gc', '-q').stdout).toBe('');
    expect(JSON.parse(run('gc', '--json').stdout)).toMatchObject({
      ...{ dryRun: false, objects: 0, bytes: 0, snapshots: 0, waitedFor: [] },
    });
  });

  it('shows how far it is, at a terminal and to machines', (context) => {
    run('forget', ids[0]!);
    const events = run('gc', '-n', '--json=events').stdout.trimEnd().split('\n');
    const shown = events
      .map((line) => JSON.parse(line))
      .filter(({ event }) => event === 'progress');
    expect(shown).toContainEqual(
      expect.objectContaining({ unit: 'segments read', entriesDone: 2 }),
    );
    expect(shown.at(-1)).toMatchObject({ unit: 'objects found', entriesDone: 1 });
    demandTerminal(context);
    const inTerminal = (flags: string) =>
      script(`script -qec "$INGOT gc --store ${store} ${flags}" /dev/null`, { cwd }).stdout;
    expect(inTerminal('-n --no-progress')).toMatch(/^would free/);
    expect(inTerminal('')).toMatch(/\d segments read.*freed/s);
  });

  it('comes after a forget that asks for it', () => {
    const { stdout } = run('forget', '--keep-last', '1', '--gc');
    expect(stdout).toMatch(/\n1 snapshot forgotten, 2 kept\nfreed .*1 object/);
    const { gc, forgotten } = JSON.parse(run('forget', ids[2]!, '--gc', '--json').stdout);
    expect(forgotten).toBe(1);
    expect(gc).toMatchObject({ objects: 1, snapshots: 1 });
    expect(expectWholeSnapshots(store)).toEqual([ids[1]]);
    expect(run('forget', ids[1]!, '--gc', '-n').stdout).not.toContain('freed');
    expect(listed()).toEqual([ids[1]]);
  });

  it('stops at a damaged snapshot with exit code 4, and frees nothing', () => {
    run('forget', ids[0]!);
    const path = join(store, '.ingot/snapshots', ids[2]!);
    fs.chmodSync(path, 0o644);
    fs.truncateSync(path, 50);
    const { code, stdout, stderr } = run('gc');
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
    expect(stderr).toMatch(
      new RegExp(`^ingot: cannot collect: what snapshot ${ids[2]} needs is not known: [^\n]*\n$`),
    );
    expect(run('unforget', ids[0]!)).toMatchObject({ code: 0 });
  });
});

describe('ingot unforget', () => {
  it('brings them back, and says which', () => {
    run('forget', ...ids);
    const { code, stdout } = run('unforget', 'nightly', ids[2]!);
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`\n${ids[1]} .*\n${ids[2]} .*\n2 snapshots brought back\n$`));
    expect(JSON.parse(run('unforget', ids[0]!, '--json').stdout)).toMatchObject({
      snapshots: [{ id: ids[0], complete: true }],
    });
    expect(listed()).toEqual(ids);
    expect(expectWholeSnapshots(store)).toEqual(ids);
  });
});

it('an ingest after its snapshot was forgotten records a new one, and takes nothing for granted', () => {
  run('forget', ...ids);
  const { code, stderr } = run('ingest', 'source', '-q');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const [id] = listed();
  expect(ids).not.toContain(id);
  expect(expectWholeSnapshots(store)).toEqual([id]);
});
