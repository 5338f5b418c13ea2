/** Bytes are passed as they are, and C wants their end marked. */
export function toCString(path: string | Buffer): string | Buffer {
  return typeof path === 'string' ? path : Buffer.concat([path, Buffer.alloc(1)]);
}
