import fs from 'node:fs';
import { Readable } from 'node:stream';
import { type Digest, DigestStream } from '../digest.ts';
import { errnoOf, failed, IngotError } from '../errors.ts';
import { uninterruptedLater } from '../native/uninterrupted.ts';
import type { Layout } from './choices.ts';
import { candidatePaths } from './local/on-disk/layout.ts';

const CHUNK = 1 << 18;

/**
 * A content as a stream, which opens its object when it is read first: one that nobody reads holds
 * no descriptor. It fails with INGOT_DAMAGED instead of ending when the bytes do not hash to the
 * digest. The last chunk is held back until they do, so a damaged object is never given out whole.
 * Throws INGOT_NOT_FOUND, INGOT_DAMAGED, or an error of the file system.
 */
export async function openVerified(
  root: string,
  layout: Layout,
  digest: Digest,
): Promise<Readable> {
  const first = await openObject(root, layout, digest);
  await first.file.close();
  return new VerifiedStream(() => openObject(root, layout, digest), digest);
}

interface OpenObject {
  readonly file: fs.promises.FileHandle;
  readonly path: string;
}

/** Anew each time: a relayout may move it, and a verify may quarantine it. */
async function openObject(root: string, layout: Layout, digest: Digest): Promise<OpenObject> {
  for (const path of candidatePaths(root, layout, digest)) {
    const file = await openIfThere(path, digest);
    if (file !== undefined) return { file, path };
  }
  throw new IngotError({
    what: 'no such object',
    code: 'INGOT_NOT_FOUND',
    path: digest,
    why: `it is not in the store ${root}`,
  });
}

async function openIfThere(
  path: string,
  digest: Digest,
): Promise<fs.promises.FileHandle | undefined> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
  let file: fs.promises.FileHandle | undefined;
  try {
    file = await fs.promises.open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    if ((await file.stat()).isFile()) return file;
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'ENOENT') return undefined;
    if (code !== 'ELOOP' && code !== 'ENXIO')
      throw failed('cannot read an object', error, { path });
  }
  await file?.close();
  throw damaged(path, digest, 'it is not a regular file');
}

class VerifiedStream extends Readable {
  readonly #open: () => Promise<OpenObject>;
  readonly #digest: Digest;
  readonly #hash = new DigestStream();
  #opening: Promise<OpenObject> | undefined;
  #path: string | undefined;
  #held: Buffer | undefined;

  constructor(open: () => Promise<OpenObject>, digest: Digest) {
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
    const { file, path } = await this.#opening;
    this.#path = path;
    for (;;) {
      const { bytesRead, buffer } = await uninterruptedLater(() =>
        file.read(Buffer.allocUnsafe(CHUNK), 0, CHUNK),
      );
      if (bytesRead === 0) return this.#end(path);
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
      .then((object) => object?.file.close())
      .then(
        () => callback(error),
        (closing: Error) => callback(error ?? closing),
      );
  }
}

function damaged(path: string, digest: Digest, why: string): IngotError {
  return new IngotError({
    what: `object ${digest} is damaged`,
    code: 'INGOT_DAMAGED',
    path,
    why,
    hint: "run 'ingot verify --quarantine' and ingest its source again",
  });
}
