import type { Libc } from './libc.ts';

/** What nearly every file system takes for direct writes: memory, offset and length in whole pages. */
export const PAGE_BYTES = 4096;

/** A buffer that begins at a page boundary; anywhere where addresses cannot be learnt. */
export function alignedBuffer(bytes: number, libc: Libc | undefined): Buffer {
  const room = Buffer.allocUnsafeSlow(bytes + PAGE_BYTES);
  const past = libc === undefined ? 0 : Number(libc.addressOf(room) % BigInt(PAGE_BYTES));
  const start = past === 0 ? 0 : PAGE_BYTES - past;
  return room.subarray(start, start + bytes);
}
