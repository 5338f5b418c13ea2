import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { makeTree } from './harness/tree.ts';

const CONSUMER = `
import { doctor, type IngestReport, ingest, relayout, Store, selftest, storeStats, verify } from 'ingot';
const report: IngestReport = await ingest('./store', ['./tree']);
export const all: [number, ...unknown[]] = [report.entries, doctor, Store, selftest, storeStats, verify];
const operations = {};
// @ts-expect-error: what only tests give is no parameter of Store.open
await Store.open('./store', {}, operations);
// @ts-expect-error: nor of relayout
await relayout('./store', 'flat', {}, operations);
`;

test('the types hold for a consumer who checks those of his libraries as strictly as his own', () => {
  const folder = makeTree({
    'package.json': '{ "type": "module" }',
    'consumer.ts': CONSUMER,
    'node_modules/ingot': { symlink: resolve('.') },
    'node_modules/@types': { symlink: resolve('node_modules/@types') },
  });
  const strict = ['--strict', '--exactOptionalPropertyTypes', '--noUncheckedIndexedAccess'];
  const options = ['--noEmit', '--module', 'nodenext', '--target', 'es2022', '--types', 'node'];
  const tsc = join(resolve('node_modules'), '.bin', 'tsc');
  const { status, stdout } = spawnSync(tsc, [...strict, ...options, 'consumer.ts'], {
    cwd: folder,
    encoding: 'utf8',
  });
  expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
});
