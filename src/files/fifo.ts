import fs from 'node:fs';
import net from 'node:net';
import type { Readable } from 'node:stream';
import { isMainThread } from 'node:worker_threads';
import { IngotError } from '../errors.ts';
import { numberOf } from '../native/descriptor.ts';
import { nodeFiles } from '../native/files.ts';
import { loadLibc } from '../native/libc.ts';

/**
 * Reads a fifo, which may stay silent for long: a thread of libuv's that blocks in open(2) or
 * read(2) could not be stopped, and would keep the process from exiting. Waits for a writer, as a
 * blocking open(2) would. Throws what open(2) fails with.
 */
export async function openFifo(path: string): Promise<Readable> {
  return new net.Socket({ fd: await openForSocket(path), writable: false });
}

/**
 * The socket closes what it is given, of which Node's fs knows nothing: what fs had opened in a
 * worker thread would be closed once more when the thread ends, as the number of another file.
 */
async function openForSocket(path: string): Promise<number> {
  const flags = fs.constants.O_RDONLY | fs.constants.O_NONBLOCK;
  if (isMainThread) return fs.openSync(path, flags);
  const files = (await loadLibc())?.files ?? nodeFiles;
  if (files === nodeFiles) throw notInWorker(path);
  return numberOf(files.open(path, flags, 0));
}

function notInWorker(path: string): IngotError {
  return new IngotError({
    what: 'cannot read a fifo in a worker thread',
    code: 'INGOT_NO_LIBC',
    path,
    why: 'libc could not be called on this machine',
    hint: 'read it in the main thread, or give a stream of it',
  });
}
