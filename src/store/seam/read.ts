/** The read half of the seam: what lies in one space of a store. */
import type { Digest } from '../../digest.ts';
import type { IngotError } from '../../errors.ts';
import type { AnyDescriptor } from '../../native/descriptor.ts';

export interface ReadHalf<Name extends string> {
  /** Undefined when it is not there, or has nothing to read. Throws an IngotError. */
  stat(name: Name): Promise<Stored | undefined>;

  /** Throws INGOT_NOT_FOUND, INGOT_DAMAGED for what no content can be read from, an IngotError. */
  open(name: Name, range?: Range): Promise<OpenContent>;

  /**
   * All bytes of a content in one step, which may hold the thread for as long: for what is small.
   * Undefined where there are more than `most`. Throws as `open`, and what the medium throws.
   */
  readWhole(name: Name, most: number): Promise<Buffer | undefined>;

  /**
   * All names, a page at a time, in no order, read as they are asked for. Gives the event loop its
   * turns. One that is stored meanwhile may be missing, one that is moved may come twice.
   */
  list(options?: ListOptions): AsyncIterable<readonly Name[]>;

  /** Removes these, those that are there, durably; gives their number. Throws an IngotError. */
  remove(names: readonly Name[]): Promise<number>;
}

export interface Stored {
  /** In bytes. */
  readonly size: number;
  /** Where it lies, for messages. */
  readonly path: string;
}

/** In bytes, none negative; as of `subarray`, so that `to` is not part of it. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** A content that is being read. */
export interface OpenContent extends Stored {
  /** Reads on, at least a byte unless it is at the end: then 0. Throws what the medium throws. */
  read(into: Uint8Array): Promise<number>;
  close(): Promise<void>;
}

export interface ListOptions {
  /** Rejects with its reason, instead of a further page. */
  readonly signal?: AbortSignal | undefined;
  /** Called for what may not be listed, which is then passed over. Default: it is thrown. */
  readonly onRefused?: OnRefused | undefined;
}

export type OnRefused = (path: string, error: IngotError) => void;

/** Reads objects in a worker thread, which waits for each read. */
export interface ThreadReader {
  /** Throws INGOT_NOT_FOUND, INGOT_DAMAGED for what no content can be read from, an IngotError. */
  open(digest: Digest): ThreadContent;
  /** Undefined where nothing can be asked for ahead. */
  readonly ask?: AskForObject | undefined;
}

/**
 * Asks the medium to read an object that is about to be read, and waits for nothing: gives the bytes
 * that are under way, undefined for what is not asked for, such as objects of more than `most`.
 * Throws what the medium throws.
 */
export type AskForObject = (digest: Digest, most: number) => number | undefined;

/** A content that is being read in a worker thread. */
export interface ThreadContent {
  /** Where it lies, for messages. */
  readonly path: string;
  /** To share blocks with; undefined where it is no file of this machine. */
  readonly fd: AnyDescriptor | undefined;
  /** Reads on, at most `size` bytes; 0 at the end. Throws what the medium throws. */
  read(into: Uint8Array, size: number): number;
  close(): void;
}
