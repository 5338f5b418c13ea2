import { IngotError } from '../errors.ts';
import { fileSystemStats } from '../files/disk-space.ts';
import { bytes, count } from '../units.ts';

/** What the largest trial takes: files of changing size and the objects of all their states. */
const NEEDED_BYTES = 256e6;
/** 2,000 sources, as many objects, their folders, and as much again. */
const NEEDED_INODES = 10_000;

/** Throws an IngotError when a disk has too little room for the trials. */
export function requireRoom(directory: string): void {
  const { bytesFree, inodes, inodesFree } = fileSystemStats(directory);
  const lacking =
    bytesFree < NEEDED_BYTES
      ? `${bytes(NEEDED_BYTES)} are needed for a while, ${bytes(bytesFree)} are free`
      : inodes > 0 && inodesFree < NEEDED_INODES
        ? `${count(NEEDED_INODES)} inodes are needed for a while, ${count(inodesFree)} are free`
        : undefined;
  if (lacking === undefined) return;
  throw new IngotError({
    what: 'no room for a selftest',
    code: 'INGOT_NO_ROOM',
    path: directory,
    why: lacking,
    hint: 'free space there, or try another directory',
  });
}
