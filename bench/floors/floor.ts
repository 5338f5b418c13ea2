/** What each file of this folder describes. */
import path from 'node:path';
import { buildProgram } from '../c-program.ts';
import type { Contender } from '../method.ts';
import { dropCachesIfCold, fresh } from '../prepare.ts';
import type { Context } from '../question.ts';
import type { FloorName } from './times.ts';

export interface Floor {
  readonly name: FloorName;
  readonly label: string;
  /** True when it writes into the arena, which then has to be empty before. */
  readonly writes: boolean;
}

/** What floor.c prints; `fsyncMs` is the median latency of one fsync. */
export interface FloorReport {
  readonly seconds: number;
  readonly fsyncMs?: number;
}

/** A run of floor.c; why there can be none where it cannot be built. */
export async function floorContender(
  context: Context,
  { name, writes }: Floor,
): Promise<Contender | { readonly lack: string }> {
  const program = await buildProgram('floors/floor.c');
  if ('lack' in program) return program;
  const { tree, arena, threads, corpus } = context;
  const { distinctFiles = corpus.files, distinctBytes = corpus.bytes } = corpus;
  const out = path.join(arena.path, 'floor');
  const sizes = [`${distinctFiles}`, `${distinctBytes}`];
  return {
    command: [program.path, name, tree, out, `${threads}`, ...sizes],
    prepare: () => (writes ? fresh(context) : dropCachesIfCold(context)),
    secondsIn: (stdout) => (JSON.parse(stdout) as FloorReport).seconds,
  };
}
