import fs from 'node:fs';
import { errnoOf } from '../../errors.ts';
import { realPathOf, toFsPath } from '../../names.ts';
import { unsupportedKind } from '../kind.ts';
import type { WalkSink } from './entries.ts';
import { type PathList, readPathList } from './files-from.ts';
import { type NamedEntries, splitPath } from './named-entries.ts';
import type { NamedFiles } from './named-files.ts';
import { toSourcePath } from './sources.ts';

const GONE: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR']);

/**
 * Hands on what a list names, while it is being read: files at once, directories to `named`, to be
 * walked when all names are known. A link is not followed: such a list comes from a walk.
 */
export async function ingestListed(
  list: PathList,
  named: NamedEntries,
  files: NamedFiles,
  sink: WalkSink,
  signal?: AbortSignal,
): Promise<void> {
  for await (const paths of readPathList(list, signal)) {
    for (const path of paths) {
      const full = handOnListed(path, named, files, sink);
      if (full !== undefined) await full;
    }
    signal?.throwIfAborted();
  }
}

function handOnListed(
  listed: string,
  named: NamedEntries,
  files: NamedFiles,
  sink: WalkSink,
): Promise<void> | undefined {
  try {
    const path = toSourcePath(listed);
    const stats = fs.lstatSync(toFsPath(listed));
    const [directory, name] = splitPath(path);
    if (stats.isFile()) return files.add(directory, name);
    if (stats.isDirectory()) named.addTree({ path, realPath: realPathOf(path) });
    else if (files.takes(directory, name)) sink.unsupported(path, unsupportedKind(stats));
  } catch (error) {
    const code = errnoOf(error);
    if (code === undefined) throw error;
    // With the slash at its end: that is why a file is no directory.
    const path = code === 'ENOTDIR' ? listed : toSourcePath(listed);
    if (!takesFailed(path, named, files)) return undefined;
    // Not `vanished`: no walk has met it, and a list with wrong line ends names nothing that
    // exists.
    const what = GONE.has(code) ? 'a listed path does not exist' : 'cannot look at a listed path';
    sink.unreadable(path, { what, code, path });
  }
  return undefined;
}

/** Where not even the directory can be looked at, the text of the path stands for it. */
function takesFailed(path: string, named: NamedEntries, files: NamedFiles): boolean {
  const [directory, name] = splitPath(path);
  try {
    return files.takes(directory, name);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return named.add(directory, name);
  }
}
