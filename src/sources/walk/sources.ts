import fs from 'node:fs';
import { addressKind } from '../../addresses.ts';
import { failed, hasErrno, IngotError, isDenied } from '../../errors.ts';
import { escapeName, realPathOf, toBytes, toFsPath } from '../../names.ts';
import { unsupportedKind } from '../kind.ts';
import type { Tree } from './named-entries.ts';
import { identityOf, SourceRoots } from './source-roots.ts';
import { treePathOf } from './tree-paths.ts';

/** What was named on the command line. */
export interface Source extends Tree {
  readonly isDirectory: boolean;
  /** Patterns leave it out. */
  readonly isExcluded: boolean;
}

const WHAT = 'cannot ingest the source';

/**
 * Looks at every source before anything is stored. A symbolic link is followed, since the user
 * named it; one to a file stands for that file, which is opened and reported by its real path:
 * the links that a walk meets are not followed, and workers refuse to open any.
 * `roots` is told of each. What patterns leave out may be anything that is there. Throws an
 * IngotError for another source that is missing or neither a directory nor a regular file.
 */
export function resolveSources(
  paths: readonly string[],
  excludes?: SourceExcludes,
  roots = new SourceRoots(),
): Source[] {
  return paths.map((path) => resolveSource(path, excludes, roots));
}

/** True for a source that is left out because of its name. */
export type SourceExcludes = (path: string, isDirectory: boolean) => boolean;

/** A path as given, in the escaped form and without slashes at its end. */
export function toSourcePath(given: string): string {
  return escapeName(toBytes(given)).replace(/(?<=.)\/+$/s, '');
}

/**
 * A path to the tree that leads through no link: relative where the tree was given so and lies
 * below the working directory, since not everybody may search the directories that lead there.
 */
export function withoutLinks({ path, realPath }: Tree): string {
  if (path.startsWith('/')) return realPath;
  const here = realPathOf('.');
  if (realPath === here) return '.';
  return realPath.startsWith(`${here}/`) ? realPath.slice(here.length + 1) : realPath;
}

function resolveSource(
  given: string,
  excludes: SourceExcludes | undefined,
  roots: SourceRoots,
): Source {
  try {
    const path = toSourcePath(given);
    const excluded = excludes && excludedSource(path, given, excludes);
    if (excluded) return excluded;
    const stats = fs.statSync(toFsPath(given));
    const isDirectory = stats.isDirectory();
    if (!isDirectory && !stats.isFile()) throw unsupportedSource(path, unsupportedKind(stats));
    const realPath = realPathOf(path);
    const standsForFile = !isDirectory && fs.lstatSync(toFsPath(path)).isSymbolicLink();
    if (standsForFile && excludes?.(realPath, false)) return leftOut(path, isDirectory);
    if (isDirectory) roots.addDirectory(path, identityOf(path));
    else roots.addFile(path);
    const opened = standsForFile ? realPath : path;
    const inTree = treePathOf(opened);
    return { path: opened, realPath, inTree, isDirectory, isExcluded: false };
  } catch (error) {
    throw failed(WHAT, error, { path: given, hint: hintFor(error, given) });
  }
}

function hintFor(error: unknown, given: string): string | undefined {
  if (isDenied(error))
    return 'check the modes of the directories that lead there, or run as a user who may enter them';
  if (!hasErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
  if (addressKind(given) !== undefined)
    return 'sources are local files and directories: mount it (sshfs), and name the directory';
  return given.includes('\ufffd')
    ? 'a name that is not UTF-8 can be given through --files-from'
    : 'give an existing directory or file';
}

/** Undefined for one that is not left out, and for one that is missing: that is for the caller. */
function excludedSource(path: string, given: string, excludes: SourceExcludes): Source | undefined {
  if (!fs.lstatSync(toFsPath(given), { throwIfNoEntry: false })) return undefined;
  const target = fs.statSync(toFsPath(given), { throwIfNoEntry: false });
  const isDirectory = target?.isDirectory() ?? false;
  return excludes(path, isDirectory) ? leftOut(path, isDirectory) : undefined;
}

function leftOut(path: string, isDirectory: boolean): Source {
  return { path, realPath: path, inTree: treePathOf(path), isDirectory, isExcluded: true };
}

function unsupportedSource(path: string, kind: string): IngotError {
  return new IngotError({
    what: WHAT,
    code: 'INGOT_UNSUPPORTED_SOURCE',
    path,
    why: `it is a ${kind}, neither a directory nor a regular file`,
    hint: 'give a directory or a regular file',
  });
}
