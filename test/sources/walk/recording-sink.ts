import type { Failure } from '../../../src/errors.ts';
import { joinPath } from '../../../src/names.ts';
import type { FoundFiles } from '../../../src/sources/found-files.ts';
import type { UnsupportedKind } from '../../../src/sources/kind.ts';
import type { FoundDirectory, FoundEntry, WalkSink } from '../../../src/sources/walk/entries.ts';

/** Remembers what a walk meets, as paths. */
export class RecordingSink implements WalkSink {
  readonly found: string[] = [];
  readonly chunks: FoundFiles[] = [];
  readonly unsupportedPaths: Record<string, UnsupportedKind> = {};
  readonly unreadablePaths: Record<string, string> = {};
  readonly vanishedPaths: Record<string, string> = {};
  readonly excludedPaths: string[] = [];
  readonly notices: string[] = [];
  /** Where the directories that were walked lie in the tree. */
  readonly inTree: string[] = [];
  /** The same of those that were not. */
  readonly ways: string[] = [];
  readonly links: string[] = [];
  directories = 0;
  /** What was counted that is no file. */
  failures = 0;
  /** What `files` returns. */
  hold: () => Promise<void> | undefined = () => undefined;

  files(found: FoundFiles): Promise<void> | undefined {
    this.chunks.push(found);
    const into = found.areLinks ? this.links : this.found;
    for (const name of found.names) into.push(joinPath(found.directory, name));
    return this.hold();
  }

  unsupported({ path }: FoundEntry, kind: UnsupportedKind): void {
    this.failures++;
    this.unsupportedPaths[path] = kind;
  }

  unreadable({ path }: FoundEntry, failure: Failure): void {
    this.failures++;
    this.unreadablePaths[path] = failure.code;
  }

  vanished({ path }: FoundEntry, failure: Failure): void {
    this.failures++;
    this.vanishedPaths[path] = failure.code;
  }

  excluded(path: string): void {
    this.excludedPaths.push(path);
  }

  directory({ inTree, lacks }: FoundDirectory): void {
    if (lacks === undefined) this.directories++;
    this.inTree.push(inTree);
  }

  knownDirectory(): void {
    throw new Error('nothing is known');
  }

  onTheWay({ inTree }: FoundDirectory): void {
    this.ways.push(inTree);
  }

  notice(text: string): void {
    this.notices.push(text);
  }

  /** The files found, relative to `root`, in order. */
  below(root: string): string[] {
    return this.found.map((path) => path.slice(root.length + 1)).sort();
  }
}
