import { type DirectoryOps, nodeDirectoryOps } from './directory.ts';
import type { WalkSink } from './entries.ts';
import { type Excludes, loadExcludes } from './exclude/excludes.ts';
import { checkPathList, type PathList } from './files-from.ts';
import { ingestListed } from './listed-sources.ts';
import { NamedEntries, splitPath } from './named-entries.ts';
import { NamedFiles } from './named-files.ts';
import { type OutputFile, Outputs } from './outputs.ts';
import { SourceRoots } from './source-roots.ts';
import { resolveSources, type Source } from './sources.ts';
import { openStoreExclusion } from './store-exclusion.ts';
import { placeSources, treePathOf } from './tree-paths.ts';
import { type KnowsDirectory, TreeReader } from './tree-reader.ts';
import { TreeWays } from './tree-ways.ts';
import { walkTree } from './walk.ts';

export interface WalkOptions {
  /** Directories and regular files, as they were given. */
  readonly sources: readonly string[];
  /** A file that lists more sources; `-` is standard input. */
  readonly filesFrom?: string | undefined;
  /** `filesFrom` is separated by NUL bytes instead of newlines. */
  readonly nul?: boolean | undefined;
  /** A list of another kind, in the place of `filesFrom`. */
  readonly list?: PathList | undefined;
  /** Patterns in .gitignore syntax, relative to each source; they meet the name of a source, too. */
  readonly exclude?: readonly string[] | undefined;
  /** Names of the sources in the tree, in their order. Default: their paths, as tar has them. */
  readonly as?: readonly string[] | undefined;
  /** A snapshot is made of them: no two sources may have one place in its tree. Default false. */
  readonly oneTree?: boolean | undefined;
  /** Leave out directories on other file systems than their source's. */
  readonly oneFileSystem?: boolean | undefined;
}

/** A walk whose sources, excludes and list have been looked at. */
export interface WalkPlan {
  readonly sources: readonly Source[];
  readonly list: PathList | undefined;
  readonly excludes: Excludes | undefined;
  readonly oneFileSystem: boolean;
  /** To be looked at again when all is read. */
  readonly roots: SourceRoots;
}

/** What is known only when the walk starts. */
export interface WalkSurroundings {
  /** The store, if there is one by now: it is left out wherever it is met. */
  readonly storeRoot?: string | undefined;
  /** Files that may lie in a source, and are left out there. */
  readonly outputs?: readonly OutputFile[] | undefined;
  /** Ends the walk soon: it rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  readonly ops?: DirectoryOps | undefined;
  readonly known?: KnowsDirectory | undefined;
}

/**
 * Looks at everything that was named, before anything is stored. Throws an IngotError for a source
 * that is missing or unsupported, a UsageError for a list that cannot be read; rejects with the
 * signal's reason.
 */
export async function planWalk(options: WalkOptions, signal?: AbortSignal): Promise<WalkPlan> {
  const { filesFrom, nul = false } = options;
  const list = filesFrom === undefined ? options.list : { file: filesFrom, nul };
  if (list !== undefined) checkPathList(list);
  const excludes = await loadExcludes(options.exclude ?? [], signal);
  const isOnly = options.sources.length === 1 && list === undefined;
  const excludesSource =
    excludes &&
    ((path: string, isDirectory: boolean) =>
      excludes.excludesNamed(path, isDirectory, isDirectory && isOnly));
  const roots = new SourceRoots();
  const found = resolveSources(options.sources, excludesSource, roots);
  const { as = [], oneTree: distinct = false } = options;
  const sources = placeSources(found, { isOnly, as, distinct });
  return { sources, list, excludes, oneFileSystem: options.oneFileSystem ?? false, roots };
}

/**
 * Hands every entry of the sources to the sink, each once. First the files that were named, then
 * the trees, because only then all names are known that a walk has to pass over.
 */
export async function walkSources(
  plan: WalkPlan,
  { storeRoot, outputs: outputFiles = [], signal, ops, known }: WalkSurroundings,
  sink: WalkSink,
): Promise<void> {
  const { excludes, oneFileSystem, roots } = plan;
  const store = openStoreExclusion(storeRoot);
  const named = new NamedEntries();
  const outputs = Outputs.of(outputFiles);
  const ways = new TreeWays(sink, ops ?? nodeDirectoryOps);
  const files = new NamedFiles(named, { store, outputs }, sink, ways);
  for (const source of plan.sources) {
    if (source.isExcluded) files.exclude(source.path);
    else if (source.isDirectory) named.addTree(source);
    else await files.add(...splitPath(source.path));
  }
  if (plan.list !== undefined)
    await ingestListed(plan.list, { named, files, excludes, roots, sink }, signal);
  await files.flush();
  const rules = { excludes, oneFileSystem, store, outputs, roots, signal, ops, known };
  for (const tree of named.trees()) {
    // One that another tree has adopted is a part of that.
    if (tree.identity !== undefined) roots.addDirectory(tree.path, tree.identity);
    if (tree.inTree === treePathOf(tree.path)) ways.to(tree.path, false);
    const reader = new TreeReader(tree, rules, named, sink);
    try {
      await walkTree(reader, signal);
    } finally {
      reader.close();
    }
  }
}
