import { Readable } from 'node:stream';
import { type Digest, DigestStream } from '../digest.ts';
import { failed } from '../errors.ts';
import type { OpenContent, ReadHalf } from './seam/read.ts';
import { damaged } from './seam/refusals.ts';

const CHUNK = 1 << 18;

/**
 * A content as a stream, which opens its object when it is read first: one that nobody reads holds
 * no descriptor. It fails with INGOT_DAMAGED instead of ending when the bytes do not hash to the
 * digest. The last chunk is held back until they do, so a damaged object is never given out whole.
 * Throws INGOT_NOT_FOUND, INGOT_DAMAGED, or an error of the medium.
 */
export async function openVerified(reader: ReadHalf<Digest>, digest: Digest): Promise<Readable> {
  const first = await reader.open(digest);
  await first.close();
  return new VerifiedStream(() => reader.open(digest), digest);
}

class VerifiedStream extends Readable {
  readonly #open: () => Promise<OpenContent>;
  readonly #digest: Digest;
  readonly #hash = new DigestStream();
  #opening: Promise<OpenContent> | undefined;
  #path: string | undefined;
  #held: Buffer | undefined;

  constructor(open: () => Promise<OpenContent>, digest: Digest) {
    super({ highWaterMark: CHUNK });
    this.#open = open;
    this.#digest = digest;
  }

  override _read(): void {
    this.#pushNext().catch((error: Error) =>
      this.destroy(failed('cannot read an object', error, { path: this.#path })),
    );
  }

  async #pushNext(): Promise<void> {
    this.#opening ??= this.#open();
    const content = await this.#opening;
    this.#path = content.path;
    for (;;) {
      const buffer = Buffer.allocUnsafe(CHUNK);
      const bytesRead = await content.read(buffer);
      if (bytesRead === 0) return this.#end(content.path);
      const chunk = buffer.subarray(0, bytesRead);
      this.#hash.update(chunk);
      const previous = this.#held;
      this.#held = chunk;
      if (previous !== undefined) {
        this.push(previous);
        return;
      }
    }
  }

  #end(path: string): void {
    const actual = this.#hash.digest();
    if (actual !== this.#digest) throw damaged(path, this.#digest, `it hashes to ${actual}`);
    if (this.#held !== undefined) this.push(this.#held);
    this.push(null);
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    // It may still be being opened; where that fails, there is nothing to close.
    const opened = this.#opening?.catch(() => undefined) ?? Promise.resolve(undefined);
    opened
      .then((content) => content?.close())
      .then(
        () => callback(error),
        (closing: Error) => callback(error ?? closing),
      );
  }
}
