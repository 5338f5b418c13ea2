import type { Question } from '../question.ts';
import { AGAIN } from './again.ts';
import { BATCH } from './batch.ts';
import { COLD } from './cold.ts';
import { COLD_SOURCE } from './cold-source.ts';
import { DUPLICATES } from './duplicates.ts';
import { DURABILITY } from './durability.ts';
import { FLOORS_BELOW } from './floors.ts';
import { GC } from './gc.ts';
import { LARGE_FILES } from './large.ts';
import { LAYOUT } from './layout.ts';
import { MEMORY_GROWTH } from './memory.ts';
import { MICRO } from './micro.ts';
import { BESIDE_PEERS } from './peers.ts';
import { PUT } from './put.ts';
import { PUTS } from './puts.ts';
import { RESTORE } from './restore.ts';
import { SCALE } from './scale.ts';
import { SNAPSHOT } from './snapshot.ts';
import { SWEEP } from './sweep.ts';
import { SYSCALLS } from './syscalls.ts';
import { THREADS } from './threads.ts';
import { VERIFY } from './verify.ts';

/** In the order in which they are answered when none is named. */
export const QUESTIONS: readonly Question[] = [
  FLOORS_BELOW,
  COLD,
  DUPLICATES,
  DURABILITY,
  THREADS,
  BATCH,
  LAYOUT,
  PUT,
  VERIFY,
  SYSCALLS,
  MICRO,
  LARGE_FILES,
];

/** Only when they are named: they take too long or too much of the disk to be met by chance. */
export const ON_REQUEST: readonly Question[] = [
  BESIDE_PEERS,
  MEMORY_GROWTH,
  PUTS,
  SCALE,
  SWEEP,
  SNAPSHOT,
  RESTORE,
  AGAIN,
  COLD_SOURCE,
  GC,
];
