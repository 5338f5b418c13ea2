/**
 * Finds a few names among millions: a flat store's directory holds its objects and the folders of
 * its writers. Node's fs makes an object of every name that it meets.
 */
import fs from 'node:fs';
import os from 'node:os';
import { failed, hasErrno } from '../errors.ts';
import { escapeName } from '../names.ts';
import type { Libc } from './libc.ts';

/** What the kernel fills at a time; as much as glibc's readdir(3) asks for. */
const BUFFER_BYTES = 32 << 10;

/** In a struct linux_dirent64 (getdents64(2)): the bytes of the entry, and the name. */
const LENGTH_AT = 16;
const NAME_AT = 19;

/**
 * The names in a directory that begin with these bytes, in no order. Throws what open(2) and
 * getdents64(2) fail with.
 */
export function namesBeginning(
  prefix: Buffer,
  directory: string | Buffer,
  { readEntries }: Pick<Libc, 'readEntries'>,
): Buffer[] {
  if (readEntries === undefined) return namesOfNode(prefix, directory);
  const fd = fs.openSync(directory, fs.constants.O_RDONLY | fs.constants.O_DIRECTORY);
  try {
    const names: Buffer[] = [];
    const entries = Buffer.alloc(BUFFER_BYTES);
    for (let end = readEntries(fd, entries); end > 0; end = readEntries(fd, entries))
      for (let at = 0; at < end; at += entries[readLength](at + LENGTH_AT)) {
        // The first byte rules out most names.
        if (entries[at + NAME_AT] !== prefix[0]) continue;
        const name = entries.subarray(at + NAME_AT, entries.indexOf(0, at + NAME_AT));
        if (beginsWith(prefix, name)) names.push(Buffer.from(name));
      }
    return names;
  } finally {
    fs.closeSync(fd);
  }
}

function beginsWith(prefix: Buffer, name: Buffer): boolean {
  return prefix.equals(name.subarray(0, prefix.length));
}

const readLength = os.endianness() === 'LE' ? 'readUInt16LE' : 'readUInt16BE';

/** Node's own call is the same one underneath: where a sandbox refuses it, nothing can be listed. */
function namesOfNode(prefix: Buffer, directory: string | Buffer): Buffer[] {
  try {
    return namesInStream(prefix, directory);
  } catch (error) {
    if (!hasErrno(error, 'EPERM', 'ENOSYS')) throw error;
    const path = escapeName(Buffer.from(directory));
    throw failed('cannot list a directory (getdents64 is refused)', error, { path });
  }
}

/** As a stream: there may be more names than fit into memory. */
function namesInStream(prefix: Buffer, directory: string | Buffer): Buffer[] {
  const names: Buffer[] = [];
  const open = fs.opendirSync(directory as string, {
    encoding: 'buffer' as BufferEncoding,
    bufferSize: 1024,
  });
  try {
    for (let entry = open.readSync(); entry !== null; entry = open.readSync()) {
      const name = entry.name as unknown as Buffer;
      if (beginsWith(prefix, name)) names.push(name);
    }
  } finally {
    open.closeSync();
  }
  return names;
}
