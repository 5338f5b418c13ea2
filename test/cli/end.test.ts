import fs from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ingot, MAIN, script } from '../harness/run.ts';
import { makeTree, temporaryDirectory } from '../harness/tree.ts';

const NEVER_EXITS = fileURLToPath(new URL('../fixtures/never-exits.mjs', import.meta.url));

describe('the end of the process', () => {
  it.each([
    ['a success', 0],
    ['a failure', 1],
  ])('after %s does not wait for what Node does on its way out', (_, code) => {
    const source = makeTree({ a: 'a' });
    const store = code === 0 ? join(temporaryDirectory(), 's') : join(source, 'a');
    const ended = ingot(['ingest', source, '--store', store, '--json'], {
      env: { NODE_OPTIONS: `--import ${NEVER_EXITS}` },
      timeout: 30_000,
    });
    expect(ended.code).toBe(code);
    expect(JSON.parse(ended.stdout)).toBeTypeOf('object');
  });

  it('is in order when Node was asked for a profile', () => {
    const cwd = temporaryDirectory();
    const profiled = [process.execPath, '--cpu-prof', MAIN, 'stats', '--store', 'nowhere'];
    expect(script(profiled.join(' '), { cwd }).code).toBe(1);
    expect(fs.readdirSync(cwd).filter((name) => name.endsWith('.cpuprofile'))).not.toEqual([]);
  });
});
