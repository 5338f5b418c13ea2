import fs from 'node:fs';

export interface RegularFile {
  readonly path: Buffer;
  /** Inside the tree. */
  readonly name: Buffer;
}

const SLASH = Buffer.from('/');

/** All regular files below a folder, by the bytes of their names. */
export function* regularFiles(tree: string): Generator<RegularFile> {
  yield* filesIn(Buffer.from(tree), undefined);
}

/** Of all regular files below a folder. */
export function bytesBelow(folder: string): number {
  let bytes = 0;
  for (const file of regularFiles(folder)) bytes += fs.statSync(file.path).size;
  return bytes;
}

function* filesIn(folder: Buffer, within: Buffer | undefined): Generator<RegularFile> {
  for (const entry of fs.readdirSync(folder, { withFileTypes: true, encoding: 'buffer' })) {
    const path = Buffer.concat([folder, SLASH, entry.name]);
    const name = within === undefined ? entry.name : Buffer.concat([within, SLASH, entry.name]);
    if (entry.isDirectory()) yield* filesIn(path, name);
    else if (entry.isFile()) yield { path, name };
  }
}
