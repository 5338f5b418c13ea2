/** Pages of zeros, which need not take room in a file that has holes. */
import { PAGE_BYTES } from '../native/aligned-buffer.ts';

const ZEROS = Buffer.alloc(PAGE_BYTES);

/**
 * The next bytes from `at` on that are not whole pages of zeros, up to such a page. `offset` is the
 * place of `bytes[at]` in the file, whose pages count.
 */
export function dataFrom(
  bytes: Uint8Array,
  at: number,
  offset: number,
): { readonly at: number; readonly end: number } {
  let begin = at;
  const toPage = (PAGE_BYTES - (offset % PAGE_BYTES)) % PAGE_BYTES;
  let end = at + toPage;
  if (toPage === 0) {
    while (isHole(bytes, begin)) begin += PAGE_BYTES;
    end = begin;
  }
  while (end < bytes.length && !isHole(bytes, end)) end += PAGE_BYTES;
  return { at: begin, end: Math.min(end, bytes.length) };
}

function isHole(bytes: Uint8Array, at: number): boolean {
  const page = bytes.subarray(at, at + PAGE_BYTES);
  return page.length === PAGE_BYTES && ZEROS.equals(page);
}
