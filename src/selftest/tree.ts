import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { join } from 'node:path';
import { type Digest, digestOf } from '../digest.ts';

/** Bytes that are the same for the same seed, and different for any other. */
export function seededBytes(seed: string, length: number): Buffer {
  if (length === 0) return Buffer.alloc(0);
  return createHash('shake256', { outputLength: length }).update(seed).digest();
}

/** The contents of small files, each of another size, none larger than `most` bytes. */
export function smallContents(seed: string, count: number, most = 6000): Buffer[] {
  return Array.from({ length: count }, (_, n) =>
    seededBytes(`${seed} ${n}`, 1 + ((n * 7919) % most)),
  );
}

/** Writes files, some of them in each folder. Gives the digests of their contents. */
export function writeFiles(folder: string, contents: readonly Buffer[]): Set<Digest> {
  const folders = Math.ceil(Math.sqrt(contents.length));
  for (let n = 0; n < folders; n++) fs.mkdirSync(join(folder, `d${n}`), { recursive: true });
  return new Set(
    contents.map((content, n) => {
      fs.writeFileSync(join(folder, `d${n % folders}`, `f${n}`), content);
      return digestOf(content);
    }),
  );
}
