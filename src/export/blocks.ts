/** Lines and small contents leave in blocks, each some hundred thousand bytes long. */

const BLOCK_BYTES = 256 << 10;

/** Joins chunks into blocks. What came before an error leaves before it. */
export async function* inBlocks(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let held: Buffer[] = [];
  let bytes = 0;
  const take = () => {
    const block = held.length === 1 ? held[0]! : Buffer.concat(held, bytes);
    held = [];
    bytes = 0;
    return block;
  };
  let failure: { readonly error: unknown } | undefined;
  const iterator = chunks[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await iterator.next().catch((error: unknown) => {
        failure = { error };
        return undefined;
      });
      if (next === undefined || next.done) break;
      // A large chunk is a block of its own, without a copy.
      if (bytes > 0 && next.value.length >= BLOCK_BYTES) yield take();
      held.push(next.value);
      bytes += next.value.length;
      if (bytes >= BLOCK_BYTES) yield take();
    }
    if (bytes > 0) yield take();
  } finally {
    await iterator.return?.();
  }
  if (failure !== undefined) throw failure.error;
}
