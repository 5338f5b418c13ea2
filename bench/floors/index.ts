import { BARRIER } from './barrier.ts';
import type { Floor } from './floor.ts';
import { FSYNC } from './fsync.ts';
import { READ } from './read.ts';
import { READ_HASH } from './read-hash.ts';
import { WALK } from './walk.ts';
import { WALK_STAT } from './walk-stat.ts';
import { WRITE_RENAME } from './write-rename.ts';

export const FLOORS: readonly Floor[] = [
  WALK,
  WALK_STAT,
  READ,
  READ_HASH,
  WRITE_RENAME,
  BARRIER,
  FSYNC,
];
