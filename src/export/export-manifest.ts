/** A snapshot as the list that `sha256sum -c` takes. */

import type { Readable } from 'node:stream';
import { toBytes } from '../names.ts';
import { checksumLine } from './checksum-line.ts';
import {
  EXPORT_CHECKS,
  type ExportedTree,
  type ExportOptions,
  exportStream,
} from './exported-tree.ts';

/**
 * Digest and path of each file of a snapshot, or of a part of one, as sha256sum prints them, sorted
 * by the bytes of the paths. No content is read. The stream fails as `openSnapshot`.
 */
export function exportManifest(store: string, name: string, options: ExportOptions = {}): Readable {
  const what = { store, name, options, checks: EXPORT_CHECKS };
  return exportStream(what, (tree) => lines(tree, options));
}

async function* lines(tree: ExportedTree, options: ExportOptions): AsyncGenerator<Buffer> {
  for await (const entry of tree.entries(options))
    if (entry.type === 'file') yield checksumLine(entry.digest, toBytes(entry.path));
}
