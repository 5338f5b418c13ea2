import { hasErrno } from '../../../errors.ts';
import { diskFullHint, SOME_ROOM, spaceAt } from '../../../files/disk-full.ts';
import type { Layout } from '../../choices.ts';

/**
 * What to do about a new name that found no room. ext4 refuses a name when its directory index is
 * full (two levels of blocks, some 5.5 million objects) although the disk has room.
 */
export function directoryFullHint(
  error: unknown,
  root: string,
  layout: Layout,
): string | undefined {
  if (!hasErrno(error, 'ENOSPC')) return diskFullHint(error, root);
  const space = spaceAt(root);
  const roomLeft = space === undefined || (space.bytesFree > SOME_ROOM && space.inodesFree !== 0);
  if (layout === 'flat' && roomLeft)
    return `the disk has room, but its directory index is full: no more names fit into ${root}; run 'ingot relayout --to sharded' and ingest again`;
  return diskFullHint(error, root);
}
