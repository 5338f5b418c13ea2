/** Files of lists and patterns that the user named, whatever they are. */
import fs from 'node:fs';
import type { Readable } from 'node:stream';
import { errnoOf, type Failure, isUsageError, UsageError } from '../../errors.ts';
import { openFifo } from '../../files/fifo.ts';
import { requireGiven } from '../../files/standard-streams.ts';

/** Throws an errno when there is nothing to read at the path. */
export function checkInput(path: string): void {
  requireGiven(path);
  fs.accessSync(path, fs.constants.R_OK);
  if (!fs.statSync(path).isDirectory()) return;
  throw Object.assign(new Error('EISDIR: read'), { code: 'EISDIR', path });
}

export async function openInput(path: string): Promise<Readable> {
  return fs.statSync(path).isFIFO() ? openFifo(path) : fs.createReadStream(path);
}

/** What a stream gives, until the signal is aborted: it rejects with the signal's reason then. */
export async function* readInput(
  input: Readable,
  signal: AbortSignal | undefined,
): AsyncGenerator<Buffer> {
  const stop = (): void => void input.destroy(signal?.reason);
  signal?.addEventListener('abort', stop, { once: true });
  try {
    signal?.throwIfAborted();
    yield* input as AsyncIterable<Buffer>;
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

/**
 * The error to throw when reading such a file failed: an errno becomes wrong usage, an abort and an
 * error that says more stay as they are.
 */
export function inputError(
  error: unknown,
  failure: Omit<Failure, 'code'>,
  signal?: AbortSignal,
): unknown {
  const code = errnoOf(error);
  if (code === undefined || signal?.aborted || isUsageError(error)) return error;
  return new UsageError({ ...failure, code }, error);
}
