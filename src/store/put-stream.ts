/** What a stream that is put gives, and what is refused. */
import type { Readable } from 'node:stream';
import { isUint8Array } from 'node:util/types';
import { UsageError } from '../errors.ts';

/** A stream may use its buffers anew while they are still being written. */
export async function* copiesOf(stream: Readable): AsyncGenerator<Uint8Array> {
  for await (const chunk of stream as AsyncIterable<unknown>) {
    if (!isUint8Array(chunk)) throw notBytes(chunk);
    yield Buffer.from(chunk);
  }
}

function notBytes(chunk: unknown): UsageError {
  return new UsageError({
    what: 'cannot store a stream',
    code: 'INGOT_NOT_BYTES',
    why: `it gives ${typeof chunk}s instead of bytes`,
    hint: 'do not set an encoding on it',
  });
}

export function readAlready(): UsageError {
  return new UsageError({
    what: 'cannot store a stream',
    code: 'INGOT_READ_ALREADY',
    why: 'it was read from, or destroyed, before',
    hint: 'give a stream that nobody has read from',
  });
}
