import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { OLDEST_NODE } from '../../src/platform.ts';
import { ingot } from '../harness/run.ts';

const ELSEWHERE = fileURLToPath(new URL('../fixtures/elsewhere.mjs', import.meta.url));
const LIBRARY = new URL('../../dist/src/index.js', import.meta.url).href;

const NOT_HERE = [
  [{ ON: 'darwin' }, 'needs Linux, and this is darwin'],
  [{ NODE: 'v18.20.8' }, 'needs Node.js 20.19 or newer, and this is 18.20.8'],
  [{ NODE: 'v20.18.3' }, 'needs Node.js 20.19 or newer, and this is 20.18.3'],
  [{ NODE: 'v9.11.2' }, 'needs Node.js 20.19 or newer, and this is 9.11.2'],
] as const;

const HERE = [{ NODE: 'v20.19.0' }, { NODE: 'v21.0.0' }, { NODE: 'v100.0.0' }] as const;

const preloaded = (place: Readonly<Record<string, string>>) => ({
  env: { ...place, NODE_OPTIONS: `--import ${ELSEWHERE}` },
});

/** Imports the library, and prints the code and the message of what it throws. */
function importLibrary(place: Readonly<Record<string, string>>): string {
  const tell = '({ code, message }) => console.log(code, message)';
  const program = `import('${LIBRARY}').then(() => console.log('imported'), ${tell})`;
  const { env } = preloaded(place);
  const args = ['--input-type=module', '-e', program];
  return spawnSync(process.execPath, args, { env: { ...process.env, ...env }, encoding: 'utf8' })
    .stdout;
}

describe('where ingot cannot run', () => {
  it.each(NOT_HERE)('the command says so in one line and fails: %o', (place, why) => {
    for (const args of [['--version'], ['stats', '--store', 's']])
      expect(ingot(args, preloaded(place))).toEqual({
        code: 1,
        stdout: '',
        stderr: `ingot: ${why}\n`,
      });
  });

  it.each(NOT_HERE)('the library says so when it is imported: %o', (place, why) => {
    expect(importLibrary(place)).toBe(`INGOT_UNSUPPORTED ingot cannot run here: ${why}\n`);
  });
});

describe('where ingot can run', () => {
  it.each(HERE)('the command runs: %o', (place) => {
    expect(ingot(['--version'], preloaded(place))).toMatchObject({ code: 0, stderr: '' });
  });

  it.each(HERE)('the library can be imported: %o', (place) => {
    expect(importLibrary(place)).toBe('imported\n');
  });

  it('is what npm is told', () => {
    const text = fs.readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
    expect(JSON.parse(text)).toMatchObject({
      engines: { node: `>=${OLDEST_NODE}` },
      os: ['linux'],
    });
  });
});
