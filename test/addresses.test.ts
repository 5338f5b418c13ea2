import fs from 'node:fs';
import { join } from 'node:path';
import { ingest, relayout, Store, storeStats, verify } from 'ingot';
import { beforeEach, describe, expect, it } from 'vitest';
import { addressKind } from '../src/addresses.ts';
import { ingot } from './harness/run.ts';
import { makeTree } from './harness/tree.ts';

it.each([
  ['s3://bucket/prefix', 'url'],
  ['SFTP://host/s', 'url'],
  ['file:///s', 'url'],
  ['git+ssh://host/s', 'url'],
  ['user@host:/s', 'host'],
  ['host:s', 'host'],
  ['rclone:remote:s', 'host'],
  ['host::module/s', 'host'],
  ['C:', 'host'],
  ['backup:2024', 'host'],
  ['./backup:2024', undefined],
  ['a/b:c', undefined],
  ['/backup:2024', undefined],
  ['../user@host:/s', undefined],
  [':s', undefined],
  ['s', undefined],
  ['a//b://c', undefined],
])('%s is taken for: %s', (path, kind) => {
  expect(addressKind(path)).toBe(kind);
});

describe('a store', () => {
  let cwd: string;
  beforeEach(() => {
    cwd = makeTree({ 'src/a': 'a' });
  });

  const refused = (store: string, why: RegExp) => {
    for (const args of [['ingest', 'src'], ['put', 'src/a'], ['verify'], ['doctor']]) {
      const ended = ingot([...args, '--store', store], { cwd });
      expect(ended.stderr).toMatch(why);
      expect(ended.stderr).toMatch(/^ingot: [^\n]*\n$/);
      expect(ended.code).toBe(2);
    }
    expect(fs.readdirSync(cwd)).toEqual(['src']);
  };

  it('by a URL is refused in one line', () => {
    refused(
      's3://bucket/s',
      /this store: s3:\/\/bucket\/s: it is a URL, and a store is a local folder; mount it .*sshfs.* or write '\.\/s3:\/\/bucket\/s' for a folder of that name/,
    );
  });

  it('on another machine is refused in one line', () => {
    refused(
      'user@host:/s',
      /user@host:\/s: it names another machine, and a store is a local folder/,
    );
  });

  it('of $INGOT_STORE is no other', () => {
    const ended = ingot(['put', 'src/a'], { cwd, env: { INGOT_STORE: 'host:s' } });
    expect(ended.stderr).toMatch(/host:s: it names another machine/);
    expect(ended.code).toBe(2);
  });

  it('of a name with a colon is taken where it is there, or called by ./', () => {
    const put = (store: string) => ingot(['put', 'src/a', '--store', store], { cwd });
    expect(put('backup:2024').code).toBe(2);
    expect(put('./backup:2024').code).toBe(0);
    expect(put('backup:2024').code).toBe(0);
    expect(put(join(cwd, 'other:2024')).code).toBe(0);
    expect(fs.readdirSync(cwd).sort()).toEqual(['backup:2024', 'other:2024', 'src']);
  });

  it('is refused by every function of the library', async () => {
    for (const call of [
      () => ingest('sftp://host/s', [join(cwd, 'src')]),
      () => Store.open('sftp://host/s', { create: true }),
      () => verify('sftp://host/s'),
      () => relayout('sftp://host/s', 'flat'),
      () => storeStats('sftp://host/s'),
    ])
      await expect(call()).rejects.toMatchObject({ name: 'UsageError', code: 'INGOT_NOT_LOCAL' });
  });

  it('is not meant by a source, whose error says so', () => {
    const ended = ingot(['ingest', 'user@host:/x', '--store', 's'], { cwd });
    expect(ended.stderr).toMatch(
      /user@host:\/x: [^\n]*\(ENOENT\); sources are local .*mount it \(sshfs\)/,
    );
    expect(ended.code).toBe(1);
  });
});
