import type { Readable } from 'node:stream';
import { isUint8Array } from 'node:util/types';
import { filePath, wrong } from '../checked.ts';

/** The path of a file, bytes in memory, or a stream of bytes. */
export type PutSource = string | Uint8Array | Readable;

/** Throws a UsageError for what is none of these, before the store has a writer. */
export function requirePutSource(source: unknown): void {
  if (typeof source === 'string') filePath('source', source);
  else if (!isUint8Array(source) && !isStream(source))
    throw wrong('source', source, 'a path, a Uint8Array or a stream');
}

/** Of any library and realm: Node's own streams, older copies of them, those of the web. */
function isStream(source: unknown): boolean {
  if (typeof source !== 'object' || source === null) return false;
  const { on, getReader, [Symbol.asyncIterator]: iterate } = source as Record<PropertyKey, unknown>;
  return (
    typeof iterate === 'function' && (typeof on === 'function' || typeof getReader === 'function')
  );
}
