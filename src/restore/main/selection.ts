/** Which entries are restored. Paths are relative to TARGET. */
export interface Selection {
  /** Asked only below directories that are not left out. */
  leavesOut(path: string, isDirectory: boolean): boolean;
  /** True for what is named; what lies in a directory that is included is so, too. */
  includes(path: string, isDirectory: boolean): boolean;
  /** Only what is included, and the directories that lead there. */
  readonly isPart: boolean;
}

/** Patterns are those of .gitignore. Rejects with a UsageError. */
export async function selectionOf(
  include: readonly string[] | undefined,
  exclude: readonly string[] | undefined,
  signal: AbortSignal | undefined,
): Promise<Selection> {
  // Its packages are loaded by those who restore: CommonJS under Yarn's Plug'n'Play finds none.
  const { loadExcludes } = await import('../../sources/walk/exclude/excludes.ts');
  const included = await loadExcludes(include ?? [], signal);
  const excluded = await loadExcludes(exclude ?? [], signal);
  return {
    leavesOut: (path, isDirectory) => excluded?.excludes(path, isDirectory) ?? false,
    includes: (path, isDirectory) => included?.excludes(path, isDirectory) ?? true,
    isPart: included !== undefined,
  };
}
