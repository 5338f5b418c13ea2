import fs from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it } from 'vitest';
import { createStore } from '../../src/store/local/on-disk/create-store.ts';
import { demandMounts, demandProgram, mountTmpfs, remount } from '../harness/mounts.ts';
import { ingot, script, UNPRIVILEGED } from '../harness/run.ts';
import { expectFailure } from '../harness/store-checks.ts';
import { makeTree, temporaryDirectory } from '../harness/tree.ts';

const PLANTED = fileURLToPath(new URL('../fixtures/planted-selftest.mjs', import.meta.url));
/** Two trials that are quick. */
const QUICK = ['--only', 'hits', '--only', 'failed-write'];
/** All trials take most of a minute, and longer beside other tests. */
const LONG = { timeout: 240_000 };

let cwd: string;
beforeEach(() => {
  cwd = temporaryDirectory();
});

const planted = (defect: string) => ({
  cwd,
  env: { NODE_OPTIONS: `--import ${PLANTED}`, DEFECT: defect },
});

describe('ingot selftest', () => {
  it('tells a verdict for each guarantee, needs no root, and leaves nothing', LONG, () => {
    const { code, stdout, stderr } = script(`${UNPRIVILEGED} $INGOT selftest .`, { cwd });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^directory +\/\S+ on \w+\nbarrier +(syncfs|fsync): .+\n/);
    expect(stdout).toMatch(/\nkills +[1-9]\d* ingests? killed: opening \d+, staging \d+, /);
    expect(stdout).toMatch(/ staging [1-9]| publishing [1-9]/);
    for (const number of [1, 3, 4, 5, 6])
      expect(stdout).toMatch(new RegExp(`\\nkept +${number}\\. [A-Z][^:\\n]+\\n +\\S`));
    expect(stdout).not.toMatch(/\nbroken/);
    expect(stdout).toMatch(/\noutside +.*power cut.*\n/);
    expect(fs.readdirSync(cwd)).toEqual([]);
  });

  it('gives one JSON document', () => {
    const { code, stdout, stderr } = ingot(['selftest', cwd, '--json', ...QUICK]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({
      directory: cwd,
      fileSystem: { type: expect.any(String) },
      barrier: { value: expect.stringMatching(/^(syncfs|fsync)$/), why: expect.any(String) },
      kills: { opening: 0, staging: 0, publishing: 0, ending: 0 },
      outside: expect.arrayContaining([expect.any(String)]),
      swept: 0,
      wallMs: expect.any(Number),
    });
    const verdicts = report.guarantees.map(({ number, verdict }: Record<string, unknown>) => [
      number,
      verdict,
    ]);
    const [kept, not] = ['kept', 'not tried'];
    expect(verdicts).toEqual([
      [1, kept],
      [2, not],
      [3, not],
      [4, kept],
      [5, not],
      [6, not],
      [7, not],
    ]);
    expect(report.guarantees[3]).toEqual({
      number: 4,
      guarantee: 'A hit is checked, not believed',
      verdict: 'kept',
      evidence: [expect.stringContaining('quarantined')],
    });
    expect(report.guarantees[1].evidence).toEqual(['no trial of it ran']);
  });

  it('names the guarantee that is broken, with exit code 1', () => {
    const ended = ingot(['selftest', '.', ...QUICK], planted('keepDamaged'));
    expectFailure(
      ended,
      /^ingot: guarantee 4 is broken in \/\S+: A hit is checked, not believed: .*wrong bytes/,
    );
    expect(ended.stdout).toMatch(/\nbroken +4\. A hit is checked, not believed: .*wrong bytes/);
    expect(ended.stdout).toMatch(/\nkept +1\. /);
    expect(fs.readdirSync(cwd)).toEqual([]);
  });

  it('names it on stderr beside a JSON document, too', () => {
    const ended = ingot(['selftest', '.', '--json', '--only', 'hits'], planted('keepDamaged'));
    expectFailure(ended, /^ingot: guarantee 4 is broken /);
    expect(JSON.parse(ended.stdout).guarantees[3]).toMatchObject({ verdict: 'broken' });
  });

  it('says what it did not try, and why, where strace is not installed', () => {
    const path = temporaryDirectory();
    const options = ['--only', 'flush-order', '--only', 'failed-flush'];
    const ended = ingot(['selftest', '.', ...options], { cwd, env: { PATH: path } });
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    for (const number of [2, 7])
      expect(ended.stdout).toMatch(
        new RegExp(`\\nnot tried +${number}\\. .*: strace is not installed\\n`),
      );
  });

  it('says what it did not try, and why, where there is no /proc', (context) => {
    demandMounts(context);
    demandProgram(context, 'strace');
    const run = '$INGOT selftest . --only flush-order --only failed-flush';
    const ended = script(`unshare -m bash -c 'umount -l /proc; exec ${run}'`, { cwd });
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    for (const number of [2, 7])
      expect(ended.stdout).toMatch(
        new RegExp(
          `\\nnot tried +${number}\\. .*: strace cannot name files here: /proc is not mounted\\n`,
        ),
      );
  });

  it('works in a store and in a directory of something else, and touches neither', () => {
    createStore(join(cwd, 's'), 'flat');
    makeTree({ 'other/mine': 'x', 'other/.tmp-mine/lock': '' }, cwd);
    const names = () => fs.readdirSync(cwd, { recursive: true, encoding: 'utf8' }).sort();
    const before = names();
    for (const directory of ['s', 'other'])
      expect(ingot(['selftest', directory, '--only', 'failed-write'], { cwd }).code).toBe(0);
    expect(names()).toEqual(before);
  });
});

describe('a directory', () => {
  it('must be named, and must be there', () => {
    makeTree({ file: 'x' }, cwd);
    expect(ingot(['selftest'], { cwd })).toMatchObject({ code: 2, stdout: '' });
    expect(ingot(['selftest', '.', '--only', 'all'], { cwd })).toMatchObject({ code: 2 });
    expectFailure(ingot(['selftest', 'gone'], { cwd }), /here: \S+\/gone: .*\(ENOENT\); name/);
    expectFailure(ingot(['selftest', 'file'], { cwd }), /here: \S+\/file: .*\(ENOTDIR\); name/);
    expect(fs.readdirSync(cwd)).toEqual(['file']);
  });

  it('that may not be written to is named', () => {
    fs.mkdirSync(join(cwd, 'locked'), 0o555);
    const ended = script(`${UNPRIVILEGED} $INGOT selftest locked`, { cwd });
    expectFailure(ended, /locked: permission denied \(EACCES\); /);
  });

  it('on a read-only disk is named', (context) => {
    demandMounts(context);
    const disk = mountTmpfs('size=600m');
    remount(disk, 'ro');
    expectFailure(ingot(['selftest', disk]), /\(EROFS\).*read-only/);
  });

  it('on a full disk is named, with what is lacking', (context) => {
    demandMounts(context);
    for (const [disk, lacking] of [
      [mountTmpfs('size=8m'), /256 MB are needed for a while, 8\.39 MB are free/],
      [mountTmpfs('size=600m,nr_inodes=500'), /10,000 inodes are needed for a while, 4\d\d are/],
    ] as const) {
      expectFailure(ingot(['selftest', disk]), lacking);
      expect(fs.readdirSync(disk)).toEqual([]);
    }
  });

  it('on a disk that becomes full in the middle is named, breaks no guarantee, and nothing stays', () => {
    const ended = ingot(['selftest', '.', '--only', 'hits'], planted('fullDisk'));
    expectFailure(ended, /^ingot: cannot write an object: .*\(ENOSPC\)/);
    expect(ended.stdout).toBe('');
    expect(fs.readdirSync(cwd)).toEqual([]);
  });
});
