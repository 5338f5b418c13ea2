/** Where the C library cannot be called, the program says why and what to do. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, it, test } from 'vitest';
import { obstacleIn, withoutLibc } from '../../src/native/load-koffi.ts';
import { demandMounts, mountTmpfs } from '../harness/mounts.ts';
import { ingot, MAIN, script } from '../harness/run.ts';
import { makeTree, temporaryDirectory } from '../harness/tree.ts';

const BINARY = `node_modules/@koromix/koffi-${process.platform}-${process.arch}`;
const DEPENDENCIES = ['piscina', 'koffi', 'fast-glob', 'ignore', 'commander', 'cli-progress'];

let store: string;
beforeAll(() => {
  store = join(fs.mkdtempSync('/tmp/ingot-koffi-'), 's');
  const cwd = fs.mkdtempSync('/tmp/ingot-koffi-');
  fs.writeFileSync(join(cwd, 'file'), 'content');
  ingot(['ingest', 'file', '--store', store], { cwd });
  return () => {
    for (const folder of [cwd, join(store, '..')]) fs.rmSync(folder, { recursive: true });
  };
});

/** The built package in `folder`, with what it needs, but none of koffi's binaries. */
function install(folder: string): string {
  fs.mkdirSync(join(folder, 'node_modules'));
  execFileSync('cp', ['-r', 'dist', 'package.json', folder]);
  for (const name of DEPENDENCIES) {
    if (name === 'koffi')
      execFileSync('cp', ['-r', 'node_modules/koffi', `${folder}/node_modules`]);
    else fs.symlinkSync(resolve('node_modules', name), join(folder, 'node_modules', name));
  }
  return join(folder, 'dist/src/cli/main.cjs');
}

/** What `relayout` and `doctor` say of a program that is started in this way. */
function expectTold(node: string, why: RegExp): void {
  const relayout = script(`${node} relayout --to sharded --store ${store}`);
  expect(relayout.stderr).toMatch(/^ingot: cannot change the layout: .*libc could not be called/);
  expect(relayout.stderr).toMatch(why);
  expect(relayout.code).toBe(1);
  const doctor = script(`${node} doctor --seconds 1 --store ${store}`);
  expect(doctor.stdout).toMatch(/^barrier +fsync: libc could not be called$/m);
  expect(doctor.stdout).toMatch(/^warning: .*relayout is refused.*: libc could not be called: /m);
  expect(doctor.stdout).toMatch(why);
}

describe('without koffi’s binary relayout and doctor say why, and what to do', () => {
  it('was not installed, as with --no-optional', () => {
    const main = install(temporaryDirectory());
    expectTold(
      `${process.execPath} ${main}`,
      /there is no binary of koffi for \S+ here; install ingot with its optional packages/,
    );
  });

  it('is not to be loaded: --no-addons', () => {
    expectTold(
      `${process.execPath} --no-addons ${MAIN}`,
      /loading addons is disabled.*; start Node without --no-addons/,
    );
  });

  it('lies on a noexec mount', (context) => {
    demandMounts(context);
    const folder = mountTmpfs('noexec');
    const main = install(folder);
    fs.mkdirSync(join(folder, 'node_modules/@koromix'));
    execFileSync('cp', ['-r', BINARY, join(folder, 'node_modules/@koromix')]);
    expectTold(
      `${process.execPath} ${main}`,
      /koffi\.node: .*; install ingot on a file system that is not mounted noexec/,
    );
  });
});

test('what koffi keeps to itself is asked of its binary, as where package managers link it', () => {
  const silent = new Error('Cannot find the native Koffi module; did you bundle it correctly?');
  const again = () => {
    throw Object.assign(new Error('/x/koffi.node: failed to map segment from shared object'), {
      code: 'ERR_DLOPEN_FAILED',
    });
  };
  const { why, hint } = obstacleIn(silent, again);
  expect(why).toBe('/x/koffi.node: failed to map segment from shared object');
  expect(hint).toMatch(/noexec/);
});

test('a reason that nobody knows is told in the words that came', () => {
  const found = obstacleIn(new Error('Mismatched native Koffi modules'), () => {});
  expect(withoutLibc(found)).toBe('libc could not be called: Mismatched native Koffi modules');
});

test('stats says why it knows no writers', () => {
  const cwd = makeTree({});
  const { stdout } = script(`${process.execPath} --no-addons ${MAIN} stats --store ${store}`, {
    cwd,
  });
  expect(stdout).toMatch(/^writers +unknown: libc could not be called: .*--no-addons/m);
});
