/** Errors that are Node's own, or ours: the program says which. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { ingot, MAIN, script } from '../harness/run.ts';
import { makeTree, temporaryDirectory } from '../harness/tree.ts';

let cwd: string;
beforeEach(() => {
  cwd = makeTree({ 'tree/file': 'content' });
});

/** All but the directories that the flag allows is refused to the program. */
const PERMISSION = process.allowedNodeEnvironmentFlags.has('--permission')
  ? '--permission'
  : '--experimental-permission';

it('names the module that is missing', () => {
  const copy = temporaryDirectory();
  execFileSync('cp', ['-r', 'dist', 'package.json', copy]);
  const main = join(copy, 'dist/src/cli/main.cjs');
  const { code, stderr } = script(`${process.execPath} ${main} ingest tree --store s`, { cwd });
  expect(stderr).toMatch(
    /^ingot: cannot go on: Cannot find module 'piscina' \(MODULE_NOT_FOUND\); install ingot again.*\n$/,
  );
  expect(code).toBe(1);
});

it('names what Node’s permissions keep from it, and the flag', () => {
  const node = `${process.execPath} --no-warnings ${PERMISSION} '--allow-fs-read=*'`;
  const { code, stderr } = script(`${node} ${MAIN} ingest tree --store s`, { cwd });
  expect(stderr).toMatch(
    /^ingot: cannot start a worker thread: .*restricted.* --allow-worker.*\n$/,
  );
  expect(code).toBe(1);
});

const BUG = `--import=data:text/javascript,${encodeURIComponent(`
  import fs from 'node:fs';
  import { syncBuiltinESMExports } from 'node:module';
  fs.statfsSync = () => fs.lstatSync(undefined);
  syncBuiltinESMExports();`)}`;

it('says of a bug that it is one, and with --debug where', () => {
  ingot(['ingest', 'tree', '--store', 's'], { cwd });
  const stats = (...more: string[]) =>
    ingot(['stats', '--store', 's', ...more], { cwd, env: { NODE_OPTIONS: BUG } });
  const { code, stderr } = stats();
  expect(stderr).toMatch(
    /^ingot: internal error: The "path" argument must be .*; --debug shows where; please report it\n$/,
  );
  expect(code).toBe(1);
  expect(stats('--debug').stderr).toMatch(/please report it\nTypeError .*\n {4}at /);
});
