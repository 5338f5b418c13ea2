import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it } from 'vitest';
import { ingot, script } from '../harness/run.ts';
import { expectFailure, expectNextRunCompletes, expectWhole } from '../harness/store-checks.ts';
import { makeTree, temporaryDirectory } from '../harness/tree.ts';

const SHORT = fileURLToPath(new URL('../fixtures/short-writes.mjs', import.meta.url));
const FILES = 30;

let source: string;
let store: string;
let manifest: string;
beforeEach(() => {
  const names = Array.from({ length: FILES }, (_, n) => [`f${n}`, randomBytes(1000 + n)] as const);
  // Whole pages, and not: large files are written past the page cache.
  const large = { whole: randomBytes(5 << 20), odd: randomBytes((5 << 20) + 17) };
  source = makeTree({ ...Object.fromEntries(names), ...large });
  const folder = temporaryDirectory();
  [store, manifest] = [join(folder, 's'), join(folder, 'manifest')];
});

describe('writes that take less than they were given', () => {
  it.each([1, 2, 5])('are continued: every write number %i of a thread', (every) => {
    const env = { NODE_OPTIONS: `--import ${SHORT}`, SHORT: String(every) };
    const args = ['ingest', source, '--store', store, '--manifest', manifest, '-q'];
    expect(ingot(args, { env })).toMatchObject({ code: 0, stderr: '' });
    expect(expectWhole(store).length).toBe(FILES + 2);
    execFileSync('sha256sum', ['--quiet', '-c', manifest], { cwd: source });
    expect(fs.readFileSync(manifest, 'utf8').trimEnd().split('\n').length).toBe(FILES + 2);
  });

  it('for good, at a limit on the size of files, fail the run and leave no temp', async () => {
    // In blocks of 1 KiB (bash(1)); the kernel writes up to the limit, then says EFBIG.
    const text = `ulimit -f 3000; exec $INGOT ingest ${source} --store ${store} -q`;
    expectFailure(script(text), /cannot write an object: \S+\/s\/\.tmp-.*\(EFBIG\)/);
    expectWhole(store);
    expect((await expectNextRunCompletes(source, store)).length).toBe(FILES + 2);
  });
});
