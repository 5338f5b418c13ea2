import fs from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readSource } from '../../src/store/read-source.ts';
import { tempFolder } from './temp-store.ts';

const CHUNK = 1 << 16;

async function chunksOf(path: string): Promise<Buffer[]> {
  await using file = await fs.promises.open(path);
  const chunks: Buffer[] = [];
  for await (const chunk of readSource(file, path, CHUNK, undefined)) chunks.push(chunk);
  return chunks;
}

it.each([0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])(
  'a file of %i bytes is read in the fewest chunks',
  async (size) => {
    const path = join(tempFolder(), 'source');
    fs.writeFileSync(path, Buffer.alloc(size, 'x'));
    const chunks = await chunksOf(path);
    expect(Buffer.concat(chunks).equals(fs.readFileSync(path))).toBe(true);
    expect(chunks.length).toBe(Math.ceil(size / CHUNK));
  },
);

it('a file that claims to be empty is read in whole chunks', async () => {
  const path = '/proc/filesystems';
  expect(fs.statSync(path).size).toBe(0);
  const chunks = await chunksOf(path);
  expect(Buffer.concat(chunks).toString()).toBe(fs.readFileSync(path, 'utf8'));
  expect(chunks.length).toBe(1);
});
