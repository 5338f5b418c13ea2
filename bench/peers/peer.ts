/** What every file here is: a tool that people would use instead of ingot. */
import { IngotError } from '../../src/errors.ts';

/** The code of an error when a peer's own program or script has failed. */
export const PEER_FAILED = 'INGOT_BENCH_PEER';

export function isPeerFailure(error: unknown): error is IngotError {
  return error instanceof IngotError && error.code === PEER_FAILED;
}

/**
 * Its steps are scripts for sh that a reader can try by hand. They find `$TREE`, the tree;
 * `$REPO`, a path below which all that it keeps goes; `$FILE`, a path inside the tree; `$TARGET`,
 * where a restored tree goes.
 */
export interface Peer {
  readonly name: string;
  /** Undefined when it is not installed. Throws an IngotError when it cannot tell. */
  readonly version: () => Promise<string | undefined>;
  /** What makes it as fast as it can be while durable and without compression. */
  readonly settings: string;
  /** What it keeps besides contents, and what it does to them: what the times pay for. */
  readonly keeps: string;
  /** Who makes the result durable, and where that is said. */
  readonly flush: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Makes an empty repository. Not measured. */
  readonly init: string;
  /** Takes the tree in. Measured, on an empty repository and again on the same tree. */
  readonly store: string;
  /** Writes what is stored into `$TARGET`, an empty directory, and flushes nothing. Measured. */
  readonly restore?: string;
  /** Prints how many regular files are stored, from what is stored. */
  readonly count: string;
  /** Prints the SHA-256 of the stored content of `$FILE`, first of its line. */
  readonly digest: string;
}

/** One that can give back what it has taken in. */
export type RestoringPeer = Peer & Required<Pick<Peer, 'restore'>>;
