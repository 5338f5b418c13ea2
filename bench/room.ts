/** How much a tree takes on a disk. */
import type { CorpusFacts } from './results.ts';

/** A file's last block, its name, and its share of a directory. */
const FILE_OVERHEAD = 4096 + 256;
/** What a file system needs for itself and a store for its metadata. */
const BASE = 64 << 20;

/** Bytes on a disk for a copy of the tree, or for a store of it before anything is known of copies. */
export function roomFor({ files, bytes }: CorpusFacts): number {
  return bytes + files * FILE_OVERHEAD + BASE;
}

/** Inodes for a copy or a store of so many files: folders and temps included. */
export function inodesFor(files: number): number {
  return Math.ceil(files * 1.1) + 10_000;
}
