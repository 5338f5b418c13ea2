import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { isMissingProgram } from '../src/programs.ts';
import { straceObstacle } from '../src/selftest/strace.ts';
import { script, UNPRIVILEGED } from './harness/run.ts';
import { temporaryDirectory } from './harness/tree.ts';

afterEach(() => vi.unstubAllEnvs());

/** What starting `tool` fails with when only this folder is on the PATH. */
function failureWith(folder: string): unknown {
  vi.stubEnv('PATH', folder);
  return spawnSync('tool').error;
}

it('a program that is in no folder of the PATH is missing', () => {
  expect(isMissingProgram(failureWith(temporaryDirectory()), 'tool')).toBe(true);
});

it('a program that is there and may not be run is not missing', () => {
  const folder = temporaryDirectory();
  fs.writeFileSync(join(folder, 'tool'), '', { mode: 0o644 });
  expect(isMissingProgram(failureWith(folder), 'tool')).toBe(false);
});

it('a program that is nowhere is missing, too, when the PATH leads through a file', () => {
  const folder = temporaryDirectory();
  fs.writeFileSync(join(folder, 'file'), '');
  expect(isMissingProgram(failureWith(`${folder}/file:${folder}`), 'tool')).toBe(true);
});

it('a program that is nowhere is missing, too, when a folder of the PATH may not be read', () => {
  vi.stubEnv('PATH', temporaryDirectory());
  const error = Object.assign(new Error('spawn tool EACCES'), { code: 'EACCES' });
  expect(isMissingProgram(error, 'tool')).toBe(true);
});

it('what is thrown for another reason tells of no missing program', () => {
  expect(isMissingProgram(Object.assign(new Error('x'), { code: 'EMFILE' }), 'tool')).toBe(false);
});

it('a selftest says that strace is not installed, also when a folder of the PATH may not be read', () => {
  vi.stubEnv('PATH', temporaryDirectory());
  expect(straceObstacle()).toBe('strace is not installed');
  const cwd = temporaryDirectory();
  fs.mkdirSync(join(cwd, 'closed'), { mode: 0 });
  vi.unstubAllEnvs();
  const run = `setpriv=$(type -P setpriv || true); mkdir disk; export PATH=$PWD/closed; `;
  const prefix = UNPRIVILEGED.replace('setpriv', '$setpriv');
  const ended = script(`${run}${prefix} $INGOT selftest disk --only flush-order`, { cwd });
  expect(ended).toMatchObject({ code: 0, stderr: '' });
  expect(ended.stdout).toContain('strace is not installed');
});
