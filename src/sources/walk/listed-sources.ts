import fs from 'node:fs';
import { posix } from 'node:path';
import { errnoOf, UsageError } from '../../errors.ts';
import { realPathOf, toFsPath } from '../../names.ts';
import { unsupportedKind } from '../kind.ts';
import type { WalkSink } from './entries.ts';
import type { Excludes } from './exclude/excludes.ts';
import { type Listed, type PathList, readPathList } from './files-from.ts';
import { type NamedEntries, splitPath } from './named-entries.ts';
import type { NamedFiles } from './named-files.ts';
import { identityOf, type SourceRoots } from './source-roots.ts';
import { toSourcePath } from './sources.ts';
import { treePathOf } from './tree-paths.ts';
import { walkTurns } from './turns.ts';

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
 *
 * The root directory has to be the only entry. A list may have no end, so what was read before both
 * are known is taken in; of one piece that was read all entries are looked at first. Throws a
 * UsageError.
 */
export async function ingestListed(
  list: PathList,
  taker: ListTaker,
  signal?: AbortSignal,
): Promise<void> {
  const turns = walkTurns(signal);
  let root: Listed | undefined;
  let hasOthers = false;
  for await (const entries of readPathList(list, signal)) {
    root ??= entries.find(isRoot);
    const others = entries.filter((entry) => !isRoot(entry));
    hasOthers ||= others.length > 0;
    if (root !== undefined && hasOthers) throw rootAmongOthers(list);
    for (const entry of others) {
      if (turns.isDue()) await turns.take();
      const full = handOnListed(entry, taker);
      if (full !== undefined) await full;
    }
    signal?.throwIfAborted();
  }
  if (root !== undefined) await handOnListed(root, taker);
}

/** `/`, `//`, `/./..`. */
function isRoot({ path }: Listed): boolean {
  return path.startsWith('/') && posix.normalize(path) === '/';
}

/** A script whose variable was empty writes such a list: `$DIR/`. */
function rootAmongOthers({ file }: PathList): UsageError {
  return new UsageError({
    what: 'cannot take the list of sources',
    code: 'INGOT_BAD_LIST',
    path: file,
    why: 'it lists / among other entries, which takes in the whole machine',
    hint: 'remove that entry, or name / as a source: ingot ingest /',
  });
}

function handOnListed(
  { path: listed, hasVanished = false }: Listed,
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
    else if (stats.isFile() || stats.isSymbolicLink()) {
      roots.addFolder(directory);
      return files.add(directory, name, stats.isSymbolicLink());
    } else if (stats.isDirectory()) {
      const [realPath, inTree] = [realPathOf(path), treePathOf(path)];
      named.addTree({ path, realPath, inTree, identity: identityOf(path) });
    } else if (files.takes(directory, name))
      sink.unsupported({ path, inTree: files.placeOf(path) }, unsupportedKind(stats));
  } catch (error) {
    const code = errnoOf(error);
    if (code === undefined) throw error;
    // With the slash at its end: that is why a file is no directory.
    const path = code === 'ENOTDIR' ? listed : toSourcePath(listed);
    if (!files.takesMissing(path)) return undefined;
    // Not `vanished` where no walk has met it: a list with wrong line ends names nothing that exists.
    const isGone = GONE.has(code);
    const what = isGone ? 'a listed path does not exist' : 'cannot look at a listed path';
    const entry = { path, inTree: files.placeOf(path) };
    if (isGone && hasVanished) sink.vanished(entry, { what: 'an entry has vanished', code, path });
    else sink.unreadable(entry, { what, code, path });
  }
  return undefined;
}
