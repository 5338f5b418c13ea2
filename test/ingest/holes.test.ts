import fs from 'node:fs';
import path from 'node:path';
import { ingest, Store, verify } from 'ingot';
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../src/digest.ts';
import { newStore } from '../harness/ingest-tree.ts';
import { makeTree, temporaryDirectory } from '../harness/tree.ts';

const MB = 1 << 20;
const PAGE = 4096;

/** Of 24 MiB and a bit, with some pages of data here and there, the first and the last bytes being holes. */
function sparseFile(): { readonly file: string; readonly bytes: Buffer } {
  const bytes = Buffer.alloc(24 * MB + 123);
  for (const at of [3 * PAGE, MB, 7 * MB + PAGE, 20 * MB - PAGE])
    bytes.fill(at / PAGE, at, at + PAGE);
  return { file: path.join(makeTree({ sparse: { sparse: bytes } }), 'sparse'), bytes };
}

/** In bytes. */
const roomOf = (file: string) => fs.statSync(file).blocks * 512;

describe('the object of a file with holes', () => {
  it.each([
    ['ingest', (store: string, file: string) => ingest(store, [file])],
    [
      'ingest with --durability none',
      (store: string, file: string) => ingest(store, [file], { durability: 'none' }),
    ],
    [
      'put',
      async (root: string, file: string) => {
        const store = await Store.open(root, { create: true });
        await store.put(file);
        await store.close();
      },
    ],
  ])('has them, too, by %s', async (_, take) => {
    const { file, bytes } = sparseFile();
    const store = newStore();
    await take(store, file);
    const object = path.join(store, digestOf(bytes));
    expect(fs.readFileSync(object).equals(bytes)).toBe(true);
    // What the source takes, and what a file system may round up to.
    expect(roomOf(file)).toBeLessThan(MB);
    expect(roomOf(object)).toBeLessThanOrEqual(roomOf(file) + 64 * PAGE);
    expect(await verify(store)).toMatchObject({ checked: 1, damaged: 0 });
  });

  it('is one of a copy without holes', async () => {
    const { file, bytes } = sparseFile();
    const copy = path.join(temporaryDirectory(), 'copy');
    fs.writeFileSync(copy, bytes);
    const store = newStore();
    const { outcomes } = await ingest(store, [file, copy], { threads: 1 });
    expect(outcomes).toMatchObject({ new: 1, duplicate: 1 });
  });
});
