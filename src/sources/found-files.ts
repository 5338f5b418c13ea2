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
}

/** One of them. */
export interface FoundFile extends WalkedDirectory {
  readonly name: string;
}
