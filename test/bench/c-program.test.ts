import fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { demandMounts, demandProgram, mountTmpfs } from '../harness/mounts.ts';
import { temporaryDirectory } from '../harness/tree.ts';

// Each test builds anew what is built but once a run.
beforeEach(() => vi.resetModules());
afterEach(() => vi.unstubAllEnvs());

async function buildLimit() {
  // The built one: it builds a program whose source lies beside it.
  const { buildProgram } = await import('../../dist/bench/c-program.js');
  return await buildProgram('limit.c');
}

it('a program in C is lacking where nothing may be run', async (context) => {
  demandMounts(context);
  demandProgram(context, 'cc');
  vi.stubEnv('TMPDIR', mountTmpfs('noexec'));
  expect(await buildLimit()).toEqual({
    lack: expect.stringMatching(/^cannot build limit\.c: .*ingot-bench-c-.*\(EACCES\)$/),
  });
});

it('a program in C is lacking for the reason that the compiler gives', async () => {
  const folder = temporaryDirectory();
  const complaint = 'error writing to /tmp/x.s: No space left on device';
  const script = `#!/bin/sh\necho 'limit.c: fatal error: ${complaint}' >&2\necho stop. >&2\nexit 1\n`;
  fs.writeFileSync(join(folder, 'cc'), script, { mode: 0o755 });
  vi.stubEnv('TMPDIR', temporaryDirectory());
  vi.stubEnv('PATH', `${folder}:${process.env.PATH}`);
  expect(await buildLimit()).toEqual({ lack: `cc cannot build limit.c: ${complaint}` });
});

it('a program in C is lacking without a folder for it', async () => {
  vi.stubEnv('TMPDIR', '/no/such/folder');
  expect(await buildLimit()).toEqual({
    lack: expect.stringMatching(/limit\.c: \/no\/such\/.*ENOENT/),
  });
});
