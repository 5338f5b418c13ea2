import { setImmediate as aTurn } from 'node:timers/promises';
import { expect } from 'vitest';
import { statusReader } from '../../../src/native/file-status.ts';
import { loadLibc } from '../../../src/native/libc.ts';
import {
  type DirectoryOps,
  directoryOps,
  nodeDirectoryOps,
} from '../../../src/sources/walk/directory.ts';
import {
  planWalk,
  type WalkOptions,
  type WalkSurroundings,
  walkSources,
} from '../../../src/sources/walk/walk-sources.ts';
import { RecordingSink } from './recording-sink.ts';

const FAST_OPS = directoryOps(statusReader((await loadLibc())?.statx));

/** Walks the sources to the end, by the calls that an ingest makes unless told otherwise. */
export async function walk(
  sources: readonly string[],
  options: Omit<WalkOptions, 'sources'> = {},
  surroundings: WalkSurroundings = {},
): Promise<RecordingSink> {
  const sink = new RecordingSink();
  const around = { ops: FAST_OPS, ...surroundings };
  await walkSources(await planWalk({ sources, ...options }), around, sink);
  return sink;
}

/** The directory calls, one of them failing on some paths. */
export function failing(
  what: keyof DirectoryOps,
  where: (path: string) => boolean,
  code: string,
  syscall = 'scandir',
): DirectoryOps {
  const call = nodeDirectoryOps[what] as (...args: unknown[]) => unknown;
  const fail = (path: Buffer | string, ...rest: unknown[]) => {
    if (where(String(path))) throw Object.assign(new Error(code), { code, syscall });
    return call(path, ...rest);
  };
  return { ...nodeDirectoryOps, [what]: fail };
}

/** Resolves when the sink has been given so many chunks, and no more although there was time. */
export async function standsStillAt(sink: RecordingSink, chunks: number): Promise<void> {
  while (sink.chunks.length < chunks) await aTurn();
  for (let turn = 0; turn < 20; turn++) await aTurn();
  expect(sink.chunks.length).toBe(chunks);
}
