import fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { digestOf } from '../../../src/digest.ts';
import { IngotError } from '../../../src/errors.ts';
import { LocalEngine } from '../../../src/store/local/engine.ts';
import type { ListOptions } from '../../../src/store/seam/read.ts';
import { errno, plant, recordingOps, tempStore } from '../../harness/temp-store.ts';

afterEach(() => vi.restoreAllMocks());

it('a removal that cannot be made durable fails as a flush', async () => {
  const root = tempStore();
  const digest = plant(root, 'flat', 'content');
  const { ops } = recordingOps(({ name, path }) =>
    name === 'fsyncSync' && path === root ? errno('EIO', 'fsync') : undefined,
  );
  const reader = await new LocalEngine(root, ops).openReader('objects');
  const removal = reader.remove([digest]);
  await expect(removal).rejects.toBeInstanceOf(IngotError);
  await expect(removal).rejects.toMatchObject({ code: 'EIO', kind: 'flush', path: root });
});

it('segments that may not be listed are refused as objects are', async () => {
  const root = tempStore();
  const folder = join(root, '.ingot/segments');
  fs.mkdirSync(folder);
  fs.writeFileSync(join(folder, digestOf(Buffer.from('segment'))), 'segment');
  const reader = await new LocalEngine(root).openReader('segments');
  const list = async (options?: ListOptions) => {
    const names: string[] = [];
    for await (const page of reader.list(options)) names.push(...page);
    return names;
  };
  expect(await list()).toEqual([digestOf(Buffer.from('segment'))]);
  const open = fs.opendirSync;
  vi.spyOn(fs, 'opendirSync').mockImplementation((path, ...more) => {
    if (path === folder) throw errno('EACCES', 'opendir');
    return open(path, ...more);
  });
  await expect(list()).rejects.toMatchObject({ name: 'IngotError', code: 'EACCES', path: folder });
  const refused: string[] = [];
  expect(await list({ onRefused: (path) => refused.push(path) })).toEqual([]);
  expect(refused).toEqual([folder]);
});
