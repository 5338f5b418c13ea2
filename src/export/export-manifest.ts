/** A snapshot as the list that `sha256sum -c` takes. */
import { Readable } from 'node:stream';
import { requireOptions } from '../checked.ts';
import { inBlocks } from './blocks.ts';
import { checksumLine } from './checksum-line.ts';
import { EXPORT_CHECKS, type ExportOptions, openExported } from './exported-tree.ts';

/**
 * Digest and path of each file of a snapshot, or of a part of one, as sha256sum prints them, sorted
 * by the bytes of the paths. No content is read. The stream fails as `openSnapshot`.
 */
export function exportManifest(store: string, name: string, options: ExportOptions = {}): Readable {
  requireOptions(options, EXPORT_CHECKS);
  return Readable.from(inBlocks(lines(store, name, options)), { objectMode: false });
}

async function* lines(store: string, name: string, options: ExportOptions): AsyncGenerator<Buffer> {
  const tree = await openExported(store, name);
  for await (const entry of tree.entries(options))
    if (entry.type === 'file') yield checksumLine(entry.digest, entry.path);
}
