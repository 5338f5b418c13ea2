/** Small steps of staging. */
import { isSharedArrayBuffer } from 'node:util/types';
import type { DigestStream } from '../digest.ts';
import type { StreamStage } from './seam/write.ts';

/** Other threads may change the bytes between hashing and writing. */
export function isShared(bytes: Uint8Array): boolean {
  return isSharedArrayBuffer(bytes.buffer);
}

/** Without a copy of a content that came in one piece. */
export function joined(chunks: readonly Uint8Array[], size: number): Uint8Array {
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size);
}

/** The write runs on libuv's thread pool while this thread hashes. */
export async function writeAndHash(
  stage: StreamStage,
  hash: DigestStream,
  bytes: Uint8Array,
): Promise<void> {
  const written = stage.write(bytes);
  hash.update(bytes);
  await written;
}
