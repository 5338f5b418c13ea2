/** Puts at once: they share their flushes and take turns, in a process that has little. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { Store } from '../../src/store/store.ts';
import { countOpenIn } from '../harness/open-files.ts';
import { environment } from '../harness/run.ts';
import {
  errno,
  listSorted,
  openStoreWith,
  recordingOps,
  strayNames,
  tempStore,
} from '../harness/temp-store.ts';
import { temporaryDirectory } from '../harness/tree.ts';

const MANY_PUTS = fileURLToPath(new URL('../fixtures/many-puts.mjs', import.meta.url));

function makeFiles(count: number, bytes: number): string {
  const folder = temporaryDirectory();
  fs.mkdirSync(join(folder, 'files'));
  for (let n = 0; n < count; n++)
    fs.writeFileSync(join(folder, 'files', String(n)), Buffer.alloc(bytes, `${n} `));
  return folder;
}

const pathsIn = (folder: string) =>
  fs.readdirSync(join(folder, 'files')).map((name) => join(folder, 'files', name));

function putAll(folder: string, atOnce: number, descriptors = 1024) {
  const command = `ulimit -n ${descriptors}; exec "$0" "$@"`;
  const args = ['-c', command, process.execPath, MANY_PUTS, folder, `${atOnce}`];
  const stdout = execFileSync('bash', args, { env: environment(), encoding: 'utf8' });
  return JSON.parse(stdout) as { readonly failures: string[]; readonly rss: number };
}

it('2,000 at once take as little memory as 30, and none fails', () => {
  const folder = makeFiles(1000, 300_000);
  const few = putAll(folder, 30);
  const all = putAll(folder, 2000);
  expect([...few.failures, ...all.failures]).toEqual([]);
  expect(all.rss).toBeLessThan(few.rss + 50);
});

it('2,000 at once get by with 128 descriptors', () => {
  const { failures } = putAll(makeFiles(1000, 1000), 2000, 128);
  expect(failures).toEqual([]);
});

it('few sources and temps are open at once', async () => {
  const folder = makeFiles(600, 1000);
  const root = tempStore();
  let most = 0;
  const { ops } = recordingOps(({ name }) => {
    if (name === 'openSync') most = Math.max(most, countOpenIn(root) + countOpenIn(folder));
    return undefined;
  });
  const store = await openStoreWith(ops, root);
  await Promise.all(pathsIn(folder).map((path) => store.put(path)));
  await store.close();
  expect(listSorted(root, 'flat')).toHaveLength(600);
  // 128 temps, 8 sources; the store's folder, its flush and the writer's lock.
  expect(most).toBeLessThanOrEqual(128 + 8 + 3);
  expect(countOpenIn(root) + countOpenIn(folder)).toBe(0);
});

it('one that fails fails alone', async () => {
  const folder = makeFiles(200, 1000);
  const root = tempStore();
  let renames = 0;
  const { ops } = recordingOps(({ name }) =>
    name === 'renameSync' && ++renames === 20 ? errno('EIO') : undefined,
  );
  const store = await openStoreWith(ops, root);
  const paths = [...pathsIn(folder), join(folder, 'missing')];
  const results = await Promise.allSettled(paths.map((path) => store.put(path)));
  await store.close();
  const failed = results.filter((result) => result.status === 'rejected');
  expect(failed.map(({ reason }) => reason.code).sort()).toEqual(['EIO', 'ENOENT']);
  expect(listSorted(root, 'flat')).toHaveLength(199);
  expect(strayNames(root)).toEqual([]);
});

it('one that is aborted while it waits for its turn ends at once, and the others go on', async () => {
  const folder = makeFiles(300, 1000);
  const root = tempStore();
  const store = await openStoreWith(recordingOps().ops, root);
  const controller = new AbortController();
  const ended: string[] = [];
  const puts = pathsIn(folder).map(async (path, n) => {
    await store.put(path, n >= 200 ? { signal: controller.signal } : {});
    ended.push(path);
  });
  const waiting = Promise.allSettled(puts.slice(200));
  await puts[0];
  controller.abort();
  for (const result of await waiting)
    expect(result).toMatchObject({ status: 'rejected', reason: { name: 'AbortError' } });
  expect(ended.length).toBeLessThan(200);
  await Promise.all(puts.slice(0, 200));
  await store.close();
  expect(listSorted(root, 'flat')).toHaveLength(200);
});

it('streams that wait for another one do not keep it from being put', async () => {
  const store = await Store.open(tempStore());
  const silent = Array.from({ length: 200 }, () => new Readable({ read: () => {} }));
  const puts = silent.map((stream) => store.put(stream));
  await store.put(Readable.from([Buffer.from('the last')]));
  await store.put(Buffer.from('and bytes'));
  for (const [n, stream] of silent.entries()) {
    stream.push(Buffer.from(`${n}`));
    stream.push(null);
  }
  expect(await Promise.all(puts)).toHaveLength(200);
  await store.close();
});

it('closing twice gives up the writer once, when all puts have ended', async () => {
  const folder = makeFiles(100, 1000);
  const root = tempStore();
  const { ops, calls } = recordingOps();
  const store = await openStoreWith(ops, root);
  const puts = Promise.all(pathsIn(folder).map((path) => store.put(path)));
  const closing = [store.close(), store.close()];
  await Promise.all(closing);
  await store.close();
  expect(await puts).toHaveLength(100);
  const lock = calls.filter(({ name, path }) => name === 'closeSync' && /\/lock$/.test(path));
  expect(lock).toHaveLength(1);
  expect(strayNames(root)).toEqual([]);
});
