import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { environment } from '../harness/run.ts';
import { temporaryDirectory } from '../harness/tree.ts';

const SOAK = fileURLToPath(new URL('../fixtures/soak.mjs', import.meta.url));

interface Soaked {
  /** Descriptors after every tenth round. */
  readonly open: readonly number[];
  readonly aborted: { readonly before: number; readonly amidst: number };
}

it('80 whole and 80 aborted ingests in one process, half of them in a Worker, leave nothing open', () => {
  const folder = temporaryDirectory();
  fs.mkdirSync(join(folder, 'tree'));
  for (let n = 0; n < 1500; n++) fs.writeFileSync(join(folder, 'tree', String(n)), `content ${n}`);
  const stdout = execFileSync(process.execPath, [SOAK, folder, '40'], {
    env: environment(),
    encoding: 'utf8',
  });
  const threads = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Soaked);
  expect(threads).toHaveLength(2);
  for (const { open, aborted } of threads) {
    expect(open).toEqual(new Array(4).fill(open[0]));
    expect(aborted.amidst).toBeGreaterThan(0);
  }
}, 600_000);
