import fs from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import type { FileOps } from '../../../../src/files/file-ops.ts';
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
  const stream = new TempStream(fd, ops, setDirect);
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
  const stream = new TempStream(fd, failing as unknown as FileOps, undefined);
  await expect(stream.write(Buffer.alloc(1))).rejects.toMatchObject({ code: 'EINVAL' });
  fs.closeSync(fd);
});
