import type { DirectoryScan } from '../record/directory-scan.ts';
import { nameIn } from '../record/entry.ts';
import type { FoundFiles } from '../sources/found-files.ts';
import type { EntryBlocks } from './entry-blocks.ts';
import type { PendingDirectories } from './messages.ts';
import { unpack } from './packed-files.ts';

/**
 * Makes the lines of directories that are what a record says, from that. `scans`: one a record. Gives
 * which of them still wait: those that cannot be read any more.
 */
export function addLines(
  { files, pending }: PendingDirectories,
  scans: readonly DirectoryScan[],
  blocks: EntryBlocks,
): number[] {
  const wanted = new Set(pending);
  const left: number[] = [];
  let index = 0;
  for (const found of unpack(files)) {
    if (wanted.has(index) && !addDirectory(found, scans, blocks)) left.push(index);
    index++;
  }
  return left;
}

/** False, and nothing is added, where it cannot be read. */
function addDirectory(
  found: FoundFiles,
  scans: readonly DirectoryScan[],
  blocks: EntryBlocks,
): boolean {
  const scan = scans[found.known!.record]!;
  const inRecord = scan.find(found.inTree);
  if (inRecord === undefined) return false;
  const { directory, entries } = inRecord;
  const { device } = directory.status;
  blocks.enter(found, undefined);
  const isRead = scan.each(entries, {
    entry: (entry) => {
      blocks.line(nameIn(entry), entry, device);
      return true;
    },
  });
  if (isRead) blocks.itself(directory);
  else blocks.dropLines();
  return isRead;
}
