import { type DirectoryOps, nodeDirectoryOps } from '../../src/ingest/directory.ts';
import {
  planWalk,
  type WalkOptions,
  type WalkSurroundings,
  walkSources,
} from '../../src/ingest/walk-sources.ts';
import { RecordingSink } from './recording-sink.ts';

/** Walks the sources to the end. */
export async function walk(
  sources: readonly string[],
  options: Omit<WalkOptions, 'sources'> = {},
  surroundings: WalkSurroundings = {},
): Promise<RecordingSink> {
  const sink = new RecordingSink();
  await walkSources(planWalk({ sources, ...options }), surroundings, sink);
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
