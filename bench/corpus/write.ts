/** Writes a planned tree. */
import fs from 'node:fs';
import path from 'node:path';
import type { Folders } from './description.ts';
import { type CorpusPlan, folderOf, pathOf } from './plan.ts';
import { Keystreams } from './random.ts';

/** Files, and pieces of a file, between two pauses in which signals are heard. */
const FILES_A_STRETCH = 500;
const PIECES_A_STRETCH = 16;

/** Makes `root` and writes the tree into it. The same seed gives the same names and bytes. */
export async function writeCorpus(
  root: string,
  { contents, sizes }: CorpusPlan,
  folders: Folders,
  seed: number,
): Promise<void> {
  const keystreams = new Keystreams(seed, 'contents');
  let folder: string | undefined;
  for (const [file, content] of contents.entries()) {
    const next = path.join(root, folderOf(file, folders));
    if (next !== folder) fs.mkdirSync(next, { recursive: true });
    folder = next;
    const at = path.join(root, pathOf(file, folders));
    await writeFile(at, keystreams.pieces(content, sizes[content]!));
    if (file % FILES_A_STRETCH === 0) await new Promise(setImmediate);
  }
}

async function writeFile(file: string, pieces: Iterable<Buffer>): Promise<void> {
  const fd = fs.openSync(file, 'wx', 0o644);
  try {
    let written = 0;
    for (const piece of pieces) {
      for (let at = 0; at < piece.length; ) at += fs.writeSync(fd, piece, at);
      if (++written % PIECES_A_STRETCH === 0) await new Promise(setImmediate);
    }
  } finally {
    fs.closeSync(fd);
  }
}
