/** A restore that is killed at any moment is finished by another one. */
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { endOf, ingot, start } from '../harness/run.ts';
import { makeTree, temporaryDirectory } from '../harness/tree.ts';
import { look, snapshotOf } from './snapshots.ts';

/** Small ones, some with a second name, and some that take a while to be written. */
function treeToCut(root: string): string {
  const names = Array.from({ length: 3000 }, (_, n) => `d${n % 60}/e/f${n}`);
  const contents = names.map((name, n) => [name, `content ${n % 20}`] as const);
  const tree = makeTree(Object.fromEntries(contents), root);
  for (let n = 0; n < 12; n++) {
    fs.writeFileSync(join(tree, `d${n}/large`), Buffer.alloc(5 << 20, n));
    fs.linkSync(join(tree, names[n]!), join(tree, `d${n + 3}/same${n}`));
    fs.symlinkSync('e', join(tree, `d${n}/link`));
  }
  return tree;
}

const folder = fs.mkdtempSync(join(os.tmpdir(), 'ingot-test-'));
const tree = join(folder, 'tree');
const store = join(folder, 'store');
beforeAll(async () => {
  await snapshotOf(treeToCut(tree), store);
});
/** What it looks like. */
let whole: readonly string[];
beforeAll(() => {
  whole = look(tree);
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

describe('a restore', () => {
  it.each(Array.from({ length: 4 }, (_, n) => n))(
    'that is killed, moment %s, is finished',
    async (n) => {
      const back = join(temporaryDirectory(), 'back');
      const args = ['restore', 'latest', back, '--store', store, '-q'];
      const child = start(args);
      while (!fs.existsSync(join(back, `d${3 * n + 10}`)) && child.exitCode === null)
        await sleep(2);
      child.kill('SIGKILL');
      if (child.exitCode === null) await once(child, 'exit');
      expect(look(back)).not.toEqual(whole);
      expect(ingot([...args, '--overwrite', 'if-changed'])).toMatchObject({ code: 0, stderr: '' });
      expect(look(back)).toEqual(whole);
    },
  );

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'that is told to stop by %s says so, and leaves whole files',
    async (signal) => {
      const back = join(temporaryDirectory(), 'back');
      const args = ['restore', 'latest', back, '--store', store, '-q'];
      const child = start(args);
      const end = endOf(child);
      while (!fs.existsSync(join(back, 'd20')) && child.exitCode === null) await sleep(2);
      child.kill(signal);
      const ended = await end;
      expect(ended.stderr).toMatch(
        /^(ingot: [^\n]*\n)?ingot: the restore was interrupted: [^\n]*; continue with --overwrite if-changed\n$/,
      );
      expect(ended.code).toBe(signal === 'SIGINT' ? 130 : 143);
      const contents = new Set(whole.map((line) => line.split(' ').slice(0, 4).join(' ')));
      const files = look(back).filter((line) => / 100\d{3} /.test(line));
      expect(files.filter((line) => !contents.has(line.split(' ').slice(0, 4).join(' ')))).toEqual(
        [],
      );
      expect(ingot([...args, '--overwrite', 'if-changed'])).toMatchObject({ code: 0, stderr: '' });
      expect(look(back)).toEqual(whole);
    },
  );
});
