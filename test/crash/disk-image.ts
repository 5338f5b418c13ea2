/** What a directory holds, in memory. */
import fs from 'node:fs';
import { join } from 'node:path';
import { type Digest, digestOf } from '../../src/digest.ts';

/** Larger contents are put together anew: there are many states of a large file. */
const KEPT_BYTES = 1 << 16;

/** The bytes of a file, put together and hashed when somebody asks. */
export class Content {
  readonly #make: () => Buffer;
  #bytes: Buffer | undefined;
  #digest: Digest | undefined;

  constructor(make: () => Buffer) {
    this.#make = make;
  }

  get bytes(): Buffer {
    const bytes = this.#bytes ?? this.#make();
    if (bytes.length <= KEPT_BYTES) this.#bytes = bytes;
    return bytes;
  }

  get digest(): Digest {
    this.#digest ??= digestOf(this.bytes);
    return this.#digest;
  }
}

/** A directory's entries: directories and files. */
export type Image = ReadonlyMap<string, Image | Content>;

/** Reads a directory with nothing but files and directories in it. */
export function readImage(folder: string): Image {
  const entries = fs.readdirSync(folder, { withFileTypes: true });
  return new Map(
    entries.map((entry): [string, Image | Content] => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return [entry.name, readImage(path)];
      const bytes = fs.readFileSync(path);
      return [entry.name, new Content(() => bytes)];
    }),
  );
}

/** Makes what the image holds in a directory that is there. */
export function writeImage(image: Image, folder: string): void {
  for (const [name, node] of image) {
    const path = join(folder, name);
    if (node instanceof Content) fs.writeFileSync(path, node.bytes);
    else {
      fs.mkdirSync(path);
      writeImage(node, path);
    }
  }
}

/** What lies at a path of names; undefined when nothing does. */
export function nodeAt(image: Image, path: readonly string[]): Image | Content | undefined {
  let node: Image | Content | undefined = image;
  for (const name of path) node = node instanceof Map ? node.get(name) : undefined;
  return node;
}

/** The directory at a path of names, an empty one when there is none. */
export function folderAt(image: Image, path: readonly string[]): Image {
  const node = nodeAt(image, path);
  return node instanceof Map ? node : new Map();
}
