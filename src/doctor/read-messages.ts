/** Between the doctor and the process that reads for it. */

/**
 * make: files, flushed and dropped from the page cache. read: the next of them, dropped again before.
 * again: those that were just read, which memory holds.
 */
export type ReadKind = 'make' | 'read' | 'again';

export interface ReadRequest {
  readonly kind: ReadKind;
  readonly files: number;
  /** Requests at a time. */
  readonly depth: number;
  /** No file is begun after it. */
  readonly forMs: number;
}

export interface ReadSample {
  readonly files: number;
  /** All of them, what is asked ahead included. */
  readonly ms: number;
  /** The median of one file. */
  readonly fileMs: number;
  /** The errno's name that dropping files from the page cache is refused with. */
  readonly refused?: string | undefined;
}
