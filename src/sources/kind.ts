/** What an entry is, by its type alone. */
import type { Dirent } from 'node:fs';

/** What an unsupported entry is. */
export type UnsupportedKind = 'socket' | 'fifo' | 'device' | 'other';

/** What a Dirent or a Stats says of an entry's type. */
export type EntryType = Pick<
  Dirent,
  | 'isFile'
  | 'isDirectory'
  | 'isSymbolicLink'
  | 'isFIFO'
  | 'isSocket'
  | 'isBlockDevice'
  | 'isCharacterDevice'
>;

/** What an entry is that is neither a file nor a directory nor a symbolic link. */
export function unsupportedKind(entry: EntryType): UnsupportedKind {
  if (entry.isSocket()) return 'socket';
  if (entry.isFIFO()) return 'fifo';
  return entry.isBlockDevice() || entry.isCharacterDevice() ? 'device' : 'other';
}
