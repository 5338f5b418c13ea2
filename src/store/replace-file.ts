/** Files for the user, made whole or not at all. Paths are in the escaped form of names.ts. */
import fs from 'node:fs';
import { dirname } from 'node:path';
import { IngotError } from '../errors.ts';
import { escapeName, toFsPath } from '../names.ts';
import { loadLibc } from '../native/libc.ts';
import { type FileOps, flushDirectory, nodeFileOps } from './file-ops.ts';
import { LockedTemp, sweepTempsOf } from './locked-temp.ts';

/**
 * Lets `fill` write a temp beside the target, then makes it durable under the target's name. Such
 * temps that killed processes left there are removed. A fifo, a device or another special file is
 * written in place: a rename would remove it.
 */
export async function replaceFile(
  target: string,
  fill: (fd: number) => Promise<void>,
  ops: FileOps = nodeFileOps,
): Promise<void> {
  const path = followed(target);
  if (!(fs.statSync(toFsPath(path), { throwIfNoEntry: false })?.isFile() ?? true))
    return fillInPlace(ops, path, fill);
  const libc = await loadLibc();
  sweepTempsOf(path, libc, ops);
  const temp = LockedTemp.open(path, 0o666, libc, ops);
  try {
    await fill(temp.fd);
    ops.fsyncSync(temp.fd);
    ops.renameSync(toFsPath(temp.path), toFsPath(path));
  } finally {
    temp.close();
  }
  // The new name is an entry of the directory, which needs a flush of its own.
  flushDirectory(ops, toFsPath(dirname(path)));
}

/** Throws when no file can be made at the target, so that long work need not end in that. */
export function checkReplaceable(target: string): void {
  const stat = fs.statSync(toFsPath(target), { throwIfNoEntry: false });
  if (stat?.isDirectory())
    throw new IngotError({ what: 'cannot write a file', code: 'EISDIR', path: target });
  if (stat === undefined || stat.isFile())
    fs.accessSync(toFsPath(dirname(followed(target))), fs.constants.W_OK);
}

async function fillInPlace(
  ops: FileOps,
  path: string,
  fill: (fd: number) => Promise<void>,
): Promise<void> {
  const fd = ops.openSync(toFsPath(path), 'w', 0o666);
  try {
    await fill(fd);
  } finally {
    ops.closeSync(fd);
  }
}

/** The target with links followed: a rename would replace a link instead of what it points to. */
function followed(target: string): string {
  const isLink = fs.lstatSync(toFsPath(target), { throwIfNoEntry: false })?.isSymbolicLink();
  if (!isLink || !fs.existsSync(toFsPath(target))) return target;
  return escapeName(fs.realpathSync.native(toFsPath(target), { encoding: 'buffer' }));
}
