/** The standard streams under all their names, and whatever they are. */
import fs from 'node:fs';
import { Readable } from 'node:stream';

/**
 * Standard input. Of a descriptor whose type Node does not know (a block device, a directory) its
 * own stdin is an empty stream.
 */
export function standardInput(): Readable {
  const { stdin } = process;
  const isUnknown = Object.getPrototypeOf(stdin) === Readable.prototype;
  return isUnknown ? fs.createReadStream('', { fd: 0, autoClose: false }) : stdin;
}

const NAMED: Readonly<Record<string, number>> = { '/dev/stdout': 1, '/dev/stderr': 2 };

/**
 * The descriptor that a path stands for. To open such a path is not the same: a file would be
 * written from its start, and a rename would take its place.
 */
export function descriptorOf(path: string): number | undefined {
  const number = /^\/(?:dev|proc\/self)\/fd\/(\d{1,9})$/.exec(path)?.[1];
  return number === undefined ? NAMED[path] : Number(number);
}

/** `-` for standard output under any of its names, else the path. */
export function dashOf(path: string): string {
  return descriptorOf(path) === 1 ? '-' : path;
}
