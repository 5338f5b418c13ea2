import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { digestOf } from '../../src/digest.ts';
import { Readings } from '../../src/sources/readings.ts';
import { SourceReading } from '../../src/store/read-source.ts';
import { makeTree, temporaryDirectory } from '../harness/tree.ts';

const CHUNK = 1 << 16;

/** Copies: a chunk is good until the next but one. */
async function chunksOf(path: string): Promise<Buffer[]> {
  const chunks: Buffer[] = [];
  for await (const chunk of new SourceReading(path).chunks(Buffer.alloc(CHUNK), undefined))
    chunks.push(Buffer.from(chunk));
  return chunks;
}

it.each([0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])(
  'a file of %i bytes is read in the fewest chunks',
  async (size) => {
    const path = join(temporaryDirectory(), 'source');
    fs.writeFileSync(path, Buffer.alloc(size, 'x'));
    const chunks = await chunksOf(path);
    expect(Buffer.concat(chunks).equals(fs.readFileSync(path))).toBe(true);
    expect(chunks.length).toBe(Math.ceil(size / CHUNK));
  },
);

it('what comes byte by byte lies in one buffer', async () => {
  const path = join(makeTree({ fifo: { fifo: true } }), 'fifo');
  const bytes = 'for n in 1 2 3 4 5; do printf $n; sleep 0.02; done';
  const writer = spawn('sh', ['-c', `(${bytes}) > "${path}"`]);
  const chunks = await chunksOf(path);
  expect(chunks.map(String)).toEqual(['12345']);
  expect(writer.exitCode ?? (await once(writer, 'exit'))[0]).toBe(0);
});

it('a large file lies in two buffers in turn', async () => {
  const path = join(temporaryDirectory(), 'source');
  fs.writeFileSync(path, Buffer.alloc(10 * CHUNK));
  const held = new Set<ArrayBufferLike>();
  for await (const chunk of new SourceReading(path).chunks(Buffer.alloc(CHUNK), undefined))
    held.add(chunk.buffer);
  expect(held.size).toBe(2);
});

it('a file that grows as fast as it is read does not keep a reading from its end', async () => {
  const path = join(temporaryDirectory(), 'growing');
  fs.writeFileSync(path, Buffer.alloc(CHUNK));
  const reading = new SourceReading(path);
  let size = 0;
  for await (const chunk of reading.chunks(Buffer.alloc(CHUNK), undefined)) {
    size += chunk.length;
    if (size < 100 * CHUNK) fs.appendFileSync(path, Buffer.alloc(CHUNK));
  }
  expect(size).toBeLessThan(5 * CHUNK);
  // Nor does it prove anything, however often.
  const readings = new Readings();
  const content = { size, digest: digestOf(Buffer.alloc(size)) };
  expect(reading.mayStore(content, readings)).toBe(false);
  expect(reading.mayStore(content, readings)).toBe(false);
});

it('a file that claims to be empty is read in whole chunks', async () => {
  const path = '/proc/filesystems';
  expect(fs.statSync(path).size).toBe(0);
  const chunks = await chunksOf(path);
  expect(Buffer.concat(chunks).toString()).toBe(fs.readFileSync(path, 'utf8'));
  expect(chunks.length).toBe(1);
});
