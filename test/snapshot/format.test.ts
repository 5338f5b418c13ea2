/** A program that knows FORMAT.md and nothing of ours reads what is in a store. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { toBytes } from '../../src/names.ts';
import type { Entry } from '../../src/snapshot/entry.ts';
import { encodeReference } from '../../src/snapshot/reference.ts';
import { temporaryDirectory } from '../harness/tree.ts';
import { anyTree, directoryAt, MemorySegments, numbered, sorted, writeTree } from './trees.ts';

const PROGRAM = 'test/fixtures/list-snapshot.py';
const ID = '20261130T140203Z-3f2a9c1e';
const hasPython = spawnSync('python3', ['--version']).status === 0;

/** Any entries, enough for three levels, and some large ones. */
function tree(): Entry[] {
  const any = fc.sample(anyTree, 60).flatMap((entries, at) => {
    const below = entries.filter(({ path }) => path !== '');
    return [directoryAt(`any-${at}`), ...below.map((e) => ({ ...e, path: `any-${at}/${e.path}` }))];
  });
  const many = ['a', 'm', 'z'].flatMap((name) => [directoryAt(name), ...numbered(name, 25_000)]);
  const xattrs = [{ name: 'user.large', value: Buffer.alloc(20_000, 'x') }];
  const large = numbered('many', 60).map((entry) => ({ ...entry, xattrs }));
  const others = [directoryAt('many'), ...large] as Entry[];
  return sorted([directoryAt(''), ...any, ...many, ...others]);
}

async function store(entries: readonly Entry[]): Promise<string> {
  const root = temporaryDirectory();
  for (const folder of ['segments', 'snapshots'])
    fs.mkdirSync(join(root, '.ingot', folder), { recursive: true });
  const segments = new MemorySegments();
  const top = await writeTree(entries, segments);
  for (const [digest, bytes] of segments.segments)
    fs.writeFileSync(join(root, '.ingot/segments', digest), bytes);
  const count = (type: Entry['type']) => entries.filter((entry) => entry.type === type).length;
  const reference = encodeReference({
    ...{ id: ID, time: 0, label: 'nightly', host: 'h', user: 'u', version: '1', sources: [] },
    ...{ users: [], groups: [], root: top, added: 0, generation: '0', complete: true, lacks: [] },
    counts: {
      directories: count('directory'),
      files: count('file'),
      links: count('link'),
      missing: count('missing'),
    },
  });
  fs.writeFileSync(join(root, '.ingot/snapshots', ID), reference);
  return root;
}

const hex = (text: string) => toBytes(text).toString('hex');

/** As the program prints it, but for the order of the keys. */
function expected(entry: Entry): unknown {
  const { path, type } = entry;
  const kind = type === 'directory' ? 'dir' : type;
  if (entry.type === 'missing') return [hex(path), kind, { why: entry.why }];
  const { uid, gid, mtime, xattrs } = entry;
  const pairs = xattrs?.map(({ name, value }) => [hex(name), Buffer.from(value).toString('hex')]);
  const owned = { uid, gid, mtime: String(mtime), ...(pairs && { xattrs: pairs }) };
  return [hex(path), kind, { ...owned, ...ofType(entry) }];
}

function ofType(entry: Exclude<Entry, { type: 'missing' }>): object {
  if (entry.type === 'link') return { target: hex(entry.target) };
  const mode = entry.mode.toString(8);
  if (entry.type === 'directory') return { mode, ...(entry.lacks && { lacks: entry.lacks }) };
  const { size, digest, group } = entry;
  return { mode, size: String(size), sha256: digest, ...(group && { group }) };
}

test.skipIf(!hasPython)('what it lists is what was recorded (needs python3)', async () => {
  const entries = tree();
  const root = await store(entries);
  const { stdout, stderr, status } = spawnSync('python3', [PROGRAM, root, ID], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  expect(stderr).toBe('');
  expect(status).toBe(0);
  const listed = stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as unknown);
  expect(listed.length).toBe(entries.length);
  const wrong = listed.findIndex((each, at) => !isSame(each, expected(entries[at]!)));
  expect(listed[wrong]).toEqual(wrong < 0 ? undefined : expected(entries[wrong]!));
});

function isSame(a: unknown, b: unknown): boolean {
  const text = (value: unknown): string => JSON.stringify(sortedKeys(value));
  return text(a) === text(b);
}

function sortedKeys(value: unknown): unknown {
  const [path, kind, fields] = value as [string, string, Record<string, unknown>];
  return [path, kind, Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1))];
}

test('the page and the code have the same limits', async () => {
  const page = fs.readFileSync('src/snapshot/FORMAT.md', 'utf8');
  const limits = Object.values(await import('../../src/snapshot/limits.ts')) as number[];
  for (const limit of limits) expect(page).toContain(limit.toLocaleString('en-US'));
});
