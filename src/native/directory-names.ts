/**
 * Finds a few names among millions: a flat store's directory holds its objects and the folders of
 * its writers. Node's fs makes an object of every name that it meets.
 */
import fs from 'node:fs';
import { failed, hasErrno } from '../errors.ts';
import { escapeName } from '../names.ts';
import { Turns } from '../turns.ts';
import { DIRENTS_BYTES, direntName, firstByteOfName, nextDirent } from './dirents.ts';
import type { Libc } from './libc.ts';

/**
 * The names in a directory that begin with these bytes, in no order. In one of millions the event
 * loop gets turns meanwhile. Throws what open(2) and getdents64(2) fail with.
 */
export async function namesBeginning(
  prefix: Buffer,
  directory: string | Buffer,
  libc: Pick<Libc, 'readEntries'>,
): Promise<Buffer[]> {
  const names: Buffer[] = [];
  const turns = new Turns();
  for (const found of readsOf(prefix, directory, libc)) {
    names.push(...found);
    if (turns.isDue()) await turns.take();
  }
  return names;
}

/** What is found, a read of the directory at a time. */
function* readsOf(
  prefix: Buffer,
  directory: string | Buffer,
  { readEntries }: Pick<Libc, 'readEntries'>,
): Generator<Buffer[]> {
  if (readEntries === undefined) {
    yield* readsOfNode(prefix, directory);
    return;
  }
  const fd = fs.openSync(directory, fs.constants.O_RDONLY | fs.constants.O_DIRECTORY);
  try {
    const entries = Buffer.alloc(DIRENTS_BYTES);
    for (let end = readEntries(fd, entries); end > 0; end = readEntries(fd, entries))
      yield namesAmong(entries, end, prefix);
  } finally {
    fs.closeSync(fd);
  }
}

function namesAmong(entries: Buffer, end: number, prefix: Buffer): Buffer[] {
  const names: Buffer[] = [];
  for (let at = 0; at < end; at = nextDirent(entries, at)) {
    // The first byte rules out most names.
    if (firstByteOfName(entries, at) !== prefix[0]) continue;
    const name = direntName(entries, at);
    if (beginsWith(prefix, name)) names.push(Buffer.from(name));
  }
  return names;
}

function beginsWith(prefix: Buffer, name: Buffer): boolean {
  return prefix.equals(name.subarray(0, prefix.length));
}

/** As many entries as Node reads at a time. */
const NODE_READS = 1024;

/** Node's own call is the same one underneath: where a sandbox refuses it, nothing can be listed. */
function* readsOfNode(prefix: Buffer, directory: string | Buffer): Generator<Buffer[]> {
  try {
    yield* streamOfNode(prefix, directory);
  } catch (error) {
    if (!hasErrno(error, 'EPERM', 'ENOSYS')) throw error;
    const path = escapeName(Buffer.from(directory));
    throw failed('cannot list a directory (getdents64 is refused)', error, { path });
  }
}

/** As a stream: there may be more names than fit into memory. */
function* streamOfNode(prefix: Buffer, directory: string | Buffer): Generator<Buffer[]> {
  const open = fs.opendirSync(directory as string, {
    encoding: 'buffer' as BufferEncoding,
    bufferSize: NODE_READS,
  });
  try {
    let met = 0;
    for (let entry = open.readSync(); entry !== null; entry = open.readSync()) {
      const name = entry.name as unknown as Buffer;
      if (beginsWith(prefix, name)) yield [name];
      else if (++met % NODE_READS === 0) yield [];
    }
  } finally {
    open.closeSync();
  }
}
