import fs from 'node:fs';
import { errnoOf } from '../../errors.ts';
import { realPathOf, toFsPath } from '../../names.ts';
import { unsupportedKind } from '../kind.ts';
import type { WalkSink } from './entries.ts';
import type { Excludes } from './exclude/excludes.ts';
import { type PathList, readPathList } from './files-from.ts';
import { type NamedEntries, splitPath } from './named-entries.ts';
import type { NamedFiles } from './named-files.ts';
import { identityOf, type SourceRoots } from './source-roots.ts';
import { toSourcePath } from './sources.ts';

/** Where what a list names goes. */
export interface ListTaker {
  readonly named: NamedEntries;
  readonly files: NamedFiles;
  readonly excludes: Excludes | undefined;
  readonly roots: SourceRoots;
  readonly sink: WalkSink;
}

const GONE: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR']);

/**
 * Hands on what a list names, while it is being read: files at once, directories to `named`, to be
 * walked when all names are known. A link is not followed: such a list comes from a walk.
 */
export async function ingestListed(
  list: PathList,
  taker: ListTaker,
  signal?: AbortSignal,
): Promise<void> {
  for await (const paths of readPathList(list, signal)) {
    for (const path of paths) {
      const full = handOnListed(path, taker);
      if (full !== undefined) await full;
    }
    signal?.throwIfAborted();
  }
}

function handOnListed(
  listed: string,
  { named, files, excludes, roots, sink }: ListTaker,
): Promise<void> | undefined {
  // Where its own name is enough nobody has to look at it.
  if (excludes?.excludesListed(listed, false)) {
    files.exclude(toSourcePath(listed));
    return undefined;
  }
  try {
    const path = toSourcePath(listed);
    const stats = fs.lstatSync(toFsPath(listed));
    const [directory, name] = splitPath(path);
    if (stats.isDirectory() && excludes?.excludesListed(listed, true)) files.exclude(path);
    else if (stats.isFile()) {
      roots.addFolder(directory);
      return files.add(directory, name);
    } else if (stats.isDirectory())
      named.addTree({ path, realPath: realPathOf(path), identity: identityOf(path) });
    else if (files.takes(directory, name)) sink.unsupported(path, unsupportedKind(stats));
  } catch (error) {
    const code = errnoOf(error);
    if (code === undefined) throw error;
    // With the slash at its end: that is why a file is no directory.
    const path = code === 'ENOTDIR' ? listed : toSourcePath(listed);
    if (!files.takesMissing(path)) return undefined;
    // Not `vanished`: no walk has met it, and a list with wrong line ends names nothing that
    // exists.
    const what = GONE.has(code) ? 'a listed path does not exist' : 'cannot look at a listed path';
    sink.unreadable(path, { what, code, path });
  }
  return undefined;
}
