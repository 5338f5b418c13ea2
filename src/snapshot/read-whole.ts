import { failed } from '../errors.ts';
import type { OpenContent } from '../store/seam/read.ts';

/**
 * All bytes of a content, which is closed then; at most `most`: undefined where there are more.
 * Throws an IngotError.
 */
export async function readWhole(content: OpenContent, most: number): Promise<Buffer | undefined> {
  try {
    if (content.size > most) return undefined;
    const bytes = Buffer.allocUnsafe(content.size);
    let filled = 0;
    while (filled < bytes.length) {
      const read = await content.read(bytes.subarray(filled));
      if (read === 0) break;
      filled += read;
    }
    return bytes.subarray(0, filled);
  } catch (error) {
    throw failed('cannot read from the store', error, { path: content.path });
  } finally {
    await content.close();
  }
}
