import fs from 'node:fs';
import net from 'node:net';
import type { Readable } from 'node:stream';

/**
 * Reads a fifo, which may stay silent for long: a thread of libuv's that blocks in open(2) or
 * read(2) could not be stopped, and would keep the process from exiting. Waits for a writer, as a
 * blocking open(2) would. Throws what open(2) fails with.
 */
export function openFifo(path: string): Readable {
  const fd = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
  return new net.Socket({ fd, writable: false });
}
