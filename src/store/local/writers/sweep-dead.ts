import fs from 'node:fs';
import type { FileOps } from '../../../files/file-ops.ts';
import { sweepTempsOf } from '../../../files/locked-temp.ts';
import type { Libc } from '../../../native/libc.ts';
import { formatPath } from '../on-disk/format.ts';
import { generationPath } from '../on-disk/generation.ts';
import { sweep } from './writer.ts';

/**
 * To find the temps of dead writers, the top of the store is listed. In a flat store of millions
 * that takes seconds: where the directory is larger than this (some 13,000 objects on ext4), a
 * writer that shall open quickly leaves it to an ingest.
 */
const QUICKLY_SWEPT_BYTES = 1 << 20;

interface SweepOptions {
  readonly libc: Libc | undefined;
  readonly ops: FileOps;
  readonly quickly: boolean;
}

/** Removes what dead processes have left of all that a writer makes. Gives the number of temps. */
export async function sweepDead(
  root: string,
  { libc, ops, quickly }: SweepOptions,
): Promise<number> {
  let swept = 0;
  for (const path of [formatPath(root), generationPath(root)])
    swept += await sweepTempsOf(path, libc, ops);
  if (quickly && fs.statSync(root).size > QUICKLY_SWEPT_BYTES) return swept;
  return swept + (await sweep(root, libc, ops));
}
