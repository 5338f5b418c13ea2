import fs from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { digestOf } from '../../src/digest.ts';
import { demandProgram, demandTerminal } from '../harness/mounts.ts';
import { type Ended, ingot, script } from '../harness/run.ts';
import { temporaryDirectory } from '../harness/tree.ts';
import { storeSnapshot } from '../snapshot/stored.ts';
import { directoryAt, fileAt } from '../snapshot/trees.ts';

let cwd: string;
let store: string;
beforeEach(() => {
  cwd = temporaryDirectory();
  store = join(cwd, 's');
});

const run = (...args: string[]): Ended => ingot(['export', ...args, '--store', 's'], { cwd });
const bash = (text: string): Ended => script(text, { cwd });

async function storeFiles(contents: readonly string[]): Promise<void> {
  const files = contents.map((content) => fileAt(`d/${content.slice(0, 20)}`, content));
  await storeSnapshot(store, [directoryAt('d'), ...files], { label: 'nightly', contents });
}

describe('ingot export', () => {
  it('writes each format to stdout', async () => {
    await storeFiles(['x', 'y']);
    const x = digestOf(Buffer.from('x'));
    expect(run('nightly:d', '--format', 'sha256sum')).toEqual({
      ...{ code: 0, stderr: '' },
      stdout: `${x}  x\n${digestOf(Buffer.from('y'))}  y\n`,
    });
    expect(run('latest', '--format', 'composefs').stdout).toContain(`\n/d/x 1 100644 1 `);
    const ended = bash(`set -o pipefail
      $INGOT export latest --format tar --store s | tar x
      cat d/x d/y; mkdir -p bag && $INGOT export latest --format bagit --store s | tar x -C bag
      cat bag/manifest-sha256.txt`);
    expect(ended).toEqual({
      ...{ code: 0, stderr: '' },
      stdout: `xy${x}  data/d/x\n${digestOf(Buffer.from('y'))}  data/d/y\n`,
    });
  });

  it('writes a file whole or not at all', async () => {
    await storeFiles(['x']);
    fs.writeFileSync(join(cwd, 'old'), 'old');
    expect(run('latest', '--format', 'tar', '-o', 'new', '--json')).toMatchObject({
      ...{ code: 0, stderr: '' },
      stdout: expect.stringContaining('"format": "tar"'),
    });
    expect(fs.statSync(join(cwd, 'new')).size % 512).toBe(0);
    fs.rmSync(join(store, digestOf(Buffer.from('x'))));
    const { code, stderr } = run('latest', '--format', 'tar', '-o', 'old');
    expect({ code, stderr }).toEqual({
      code: 4,
      stderr: expect.stringMatching(/^ingot: cannot export an entry: d\/x: its object .*\n$/),
    });
    expect(fs.readdirSync(cwd).sort()).toEqual(['new', 'old', 's']);
    expect(fs.readFileSync(join(cwd, 'old'), 'utf8')).toBe('old');
  });

  it('lets tar fail, and exits with 4, when an object is damaged', async () => {
    await storeFiles(['x']);
    const object = join(store, digestOf(Buffer.from('x')));
    fs.rmSync(object);
    fs.writeFileSync(object, 'z');
    const { stdout, stderr } = bash(
      'set -o pipefail; $INGOT export latest --format tar --store s | (tar x; echo $?); echo $?; ls d',
    );
    expect(stdout).toBe('2\n4\n');
    expect(stderr).toContain('ingot: cannot export an entry: d/x: its object ');
  });

  it('stops like others when nobody reads it any more', async () => {
    await storeFiles(Array.from({ length: 20 }, (_, n) => `${n} `.repeat(40_000)));
    const { stdout, stderr } = bash(
      'set -o pipefail; $INGOT export latest --format tar --store s | head -c 1 | wc -c; echo $?',
    );
    expect({ stdout, stderr }).toEqual({ stdout: '1\n141\n', stderr: '' });
  });

  it('names what the snapshot lacks, and exits with 3 when it is not complete', async () => {
    const missing = ['EACCES', 'socket'].map(
      (why) => ({ type: 'missing', path: why, why }) as const,
    );
    await storeSnapshot(store, [missing[1]!]);
    expect(run('latest', '--format', 'sha256sum')).toEqual({
      ...{ code: 0, stdout: '' },
      stderr: 'ingot: note: not in the snapshot: socket (socket)\n',
    });
    await storeSnapshot(store, missing, { complete: false, lacks: [['EACCES', 1]] });
    const { code, stderr } = run('latest', '--format', 'sha256sum');
    expect(code).toBe(3);
    expect(stderr).toBe(
      'ingot: note: not in the snapshot: EACCES (EACCES)\ningot: note: not in the snapshot: socket (socket)\n',
    );
  });

  it('writes no archive to a terminal', async (context) => {
    demandTerminal(context);
    demandProgram(context, 'script');
    await storeFiles(['x']);
    const { stdout } = bash(
      `script -qec "$INGOT export latest --format tar --store s; echo \\$?" /dev/null`,
    );
    expect(stdout).toMatch(/^ingot: cannot write an archive to a terminal: .*\r\n2\r\n$/);
  });

  it.each([
    [['latest'], 2, "option '--format <format>' not specified"],
    [['latest', '--format', 'zip'], 2, 'Allowed choices are tar, sha256sum, bagit, composefs'],
    [['latest', '--format', 'tar', '--json'], 2, 'the content and --json would both go to stdout'],
    [['nothing', '--format', 'tar'], 1, 'no such snapshot: nothing: '],
    [['latest:nothing', '--format', 'tar'], 1, 'no such path: nothing: '],
    [['latest:..', '--format', 'tar'], 2, 'not the name of a snapshot: '],
  ])('refuses %j in one line', async (args, code, line) => {
    await storeFiles(['x']);
    const ended = run(...args);
    expect(ended.code).toBe(code);
    expect(ended.stderr).toMatch(/^ingot: .*\n$/);
    expect(ended.stderr).toContain(line);
  });
});
