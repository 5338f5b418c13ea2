/** What a walk finds and a worker opens: names of files, with the directory they are in. */

/** A directory that was walked. Paths and names are in the escaped form of names.ts. */
export interface WalkedDirectory {
  /** As it is opened: the source as it was given, and the path below it. */
  readonly directory: string;
  /** A path to it that leads through no link; not for files that were named on their own. */
  readonly withoutLinks?: string | undefined;
  /** Where it lies in the tree that the sources make, `a/b`; the empty string is its root. */
  readonly inTree: string;
}

/** Files of one directory, as the walk hands them on, or symbolic links of it. */
export interface FoundFiles extends WalkedDirectory {
  readonly names: string[];
  /** Default false. */
  readonly areLinks?: boolean | undefined;
  /** The names are those that a record has, links among them; then `names` is empty. */
  readonly known?: KnownNames | undefined;
}

/** What a record says of a directory that is what it was. */
export interface KnownDirectory extends KnownNames {
  readonly subdirectories: readonly string[];
}

/** Names that nobody has read: those of a directory that is what a record says. */
export interface KnownNames {
  /** The number of the record. */
  readonly record: number;
  /** How many. */
  readonly entries: number;
}

/** How many files and links these are. */
export function countOf({ names, known }: FoundFiles): number {
  return known?.entries ?? names.length;
}

/** One of them. */
export interface FoundFile extends WalkedDirectory {
  readonly name: string;
}
