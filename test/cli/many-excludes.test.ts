/** More rules than anybody writes by hand: what backup scripts make of lists. */
import fs from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { script } from '../harness/run.ts';
import { outcomesOf } from '../harness/store-checks.ts';
import { makeTree, temporaryDirectory } from '../harness/tree.ts';

const FILES = 2_000;

let folder: string;
let args: string[];
beforeEach(() => {
  folder = temporaryDirectory();
  const lines = Array.from({ length: 60_000 }, (_, n) => `*/x${n + 1}*`);
  const names = Array.from({ length: FILES }, (_, n) => [`d${n % 40}/f${n}`, String(n)]);
  makeTree({ ...Object.fromEntries(names), 'd1/x77.h': '', 'd1/x.h': '' }, join(folder, 'tree'));
  fs.writeFileSync(join(folder, 'rules'), lines.join('\n'));
  args = ['ingest', 'tree', '--exclude-from', 'rules', '--store', 's', '-n', '--json'];
});

it('60,000 rules cost an ingest seconds of processor time, not minutes', () => {
  const timed = `TIMEFORMAT='user seconds %U'; time $INGOT ${args.join(' ')}`;
  const ended = script(timed, { cwd: folder, timeout: 60_000 });
  expect(outcomesOf(ended)).toMatchObject({ excluded: 1 });
  expect(JSON.parse(ended.stdout).entries).toBe(FILES + 2);
  const [, seconds] = /user seconds ([\d.]+)/.exec(ended.stderr) ?? [];
  expect(Number(seconds)).toBeLessThan(5);
}, 90_000);
