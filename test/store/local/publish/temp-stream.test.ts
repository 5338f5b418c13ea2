import fs from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { type FileOps, nodeFileOps } from '../../../../src/files/file-ops.ts';
import { PAGE_BYTES } from '../../../../src/native/aligned-buffer.ts';
import type { AnyDescriptor } from '../../../../src/native/descriptor.ts';
import { TempStream } from '../../../../src/store/local/publish/temp-stream.ts';
import { errno } from '../../../harness/temp-store.ts';
import { temporaryDirectory } from '../../../harness/tree.ts';

/** A device whose blocks have this size: direct writes of anything else fail. */
function deviceOf(blockBytes: number) {
  let isDirect = false;
  const refused: number[] = [];
  let end = 0;
  const write = async (fd: number, bytes: Uint8Array, at: number, length: number, to: unknown) => {
    // As on a file without positions.
    if (to !== null) throw errno('ESPIPE', 'write');
    if (isDirect && (length % blockBytes !== 0 || end % blockBytes !== 0)) {
      refused.push(length);
      throw errno('EINVAL', 'write');
    }
    const written = await promisify(fs.write)(fd, bytes, at, length, null);
    end += written.bytesWritten;
    return written;
  };
  const ops = { ...fs, write: Object.assign(() => {}, { [promisify.custom]: write }) };
  const setDirect = (_: AnyDescriptor, on: boolean) => {
    isDirect = on;
    return true;
  };
  return { ops: ops as unknown as FileOps, setDirect, refused };
}

it.each([
  ['of a page', PAGE_BYTES, 0],
  ['larger than a page', 4 * PAGE_BYTES, 1],
])('all is written, also where the blocks of the device are %s', async (_, block, refusals) => {
  const path = join(temporaryDirectory(), 'temp');
  const fd = fs.openSync(path, 'wx');
  const { ops, setDirect, refused } = deviceOf(block);
  const stream = new TempStream(fd, ops, { setDirect });
  const pieces = [8, 8, 5, 8].map((pages, n) => Buffer.alloc(pages * PAGE_BYTES, n + 1));
  for (const piece of pieces) await stream.write(piece);
  fs.closeSync(fd);
  expect(fs.readFileSync(path).equals(Buffer.concat(pieces))).toBe(true);
  expect(refused.length).toBe(refusals);
});

it('what fails for another reason fails', async () => {
  const path = join(temporaryDirectory(), 'temp');
  const fd = fs.openSync(path, 'wx');
  const { ops } = deviceOf(PAGE_BYTES);
  const write = async () => {
    throw errno('EINVAL', 'write');
  };
  const failing = { ...ops, write: Object.assign(() => {}, { [promisify.custom]: write }) };
  const stream = new TempStream(fd, failing as unknown as FileOps);
  await expect(stream.write(Buffer.alloc(1))).rejects.toMatchObject({ code: 'EINVAL' });
  fs.closeSync(fd);
});

/** Pages of zeros and of other bytes, as 0 and 1 say. */
const pagesOf = (pattern: string) =>
  Buffer.concat([...pattern].map((page) => Buffer.alloc(PAGE_BYTES, Number(page))));

/** Pages that hold more than zeros. */
function dataPages(bytes: Buffer): number {
  const firsts = Array.from(
    { length: Math.ceil(bytes.length / PAGE_BYTES) },
    (_, n) => n * PAGE_BYTES,
  );
  return firsts.filter((at) => bytes.subarray(at, at + PAGE_BYTES).some((byte) => byte !== 0))
    .length;
}

/** Writes pieces as a sparse content; gives what is in the file then, and its pages that take room. */
async function sparse(pieces: readonly Buffer[], block = 0) {
  const path = join(temporaryDirectory(), 'temp');
  const fd = fs.openSync(path, 'wx');
  const setDirect = block === 0 ? undefined : deviceOf(block).setDirect;
  const stream = new TempStream(fd, nodeFileOps, { setDirect, sparse: true });
  for (const piece of pieces) await stream.write(piece);
  stream.end();
  fs.closeSync(fd);
  return {
    isRight: fs.readFileSync(path).equals(Buffer.concat(pieces)),
    pages: (fs.statSync(path).blocks * 512) / PAGE_BYTES,
  };
}

it.each([
  ['at the start', ['0001']],
  ['at the end', ['1000']],
  ['in between, many', ['1001', '0100', '0001', '11']],
  ['over pieces', ['1000', '0000', '0000', '0001']],
  ['all of it', ['0000', '0000']],
  ['none', ['1111']],
])('pages of zeros take no room where the source has holes: %s', async (_, patterns) => {
  const pieces = patterns.map(pagesOf);
  const data = patterns.join('').replaceAll('0', '').length;
  expect(await sparse(pieces)).toEqual({ isRight: true, pages: data });
});

it('zeros beside other bytes of their page are written, whatever the pieces are', async () => {
  const zeros = Buffer.alloc(5 * PAGE_BYTES);
  for (const first of [1, PAGE_BYTES - 1, PAGE_BYTES + 1]) {
    const pieces = [Buffer.alloc(first, 7), zeros, Buffer.from('end')];
    expect(await sparse(pieces)).toEqual({
      isRight: true,
      pages: dataPages(Buffer.concat(pieces)),
    });
  }
});

it('a content that does not come from a sparse source keeps its zeros', async () => {
  const path = join(temporaryDirectory(), 'temp');
  const fd = fs.openSync(path, 'wx');
  const stream = new TempStream(fd, nodeFileOps);
  await stream.write(pagesOf('0000'));
  stream.end();
  fs.closeSync(fd);
  expect(fs.statSync(path)).toMatchObject({ size: 4 * PAGE_BYTES, blocks: (4 * PAGE_BYTES) / 512 });
});
