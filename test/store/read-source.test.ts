import fs from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readSource } from '../../src/store/read-source.ts';
import { tempFolder } from '../harness/temp-store.ts';

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

it('what comes byte by byte holds on to no more', async () => {
  const path = join(tempFolder(), 'source');
  fs.writeFileSync(path, Buffer.alloc(2 * CHUNK));
  await using file = await fs.promises.open(path);
  const read = file.read.bind(file) as (...args: unknown[]) => ReturnType<typeof file.read>;
  let reads = 0;
  file.read = ((buffer: Buffer, at: number) =>
    reads++ < 100 ? read(buffer, at, 1) : read(buffer, at, 0)) as typeof file.read;
  const held = new Set<ArrayBufferLike>();
  for await (const chunk of readSource(file, path, CHUNK, undefined)) held.add(chunk.buffer);
  expect(reads).toBe(101);
  expect([...held].reduce((sum, { byteLength }) => sum + byteLength, 0)).toBeLessThan(3 * CHUNK);
});

it('a file that claims to be empty is read in whole chunks', async () => {
  const path = '/proc/filesystems';
  expect(fs.statSync(path).size).toBe(0);
  const chunks = await chunksOf(path);
  expect(Buffer.concat(chunks).toString()).toBe(fs.readFileSync(path, 'utf8'));
  expect(chunks.length).toBe(1);
});
