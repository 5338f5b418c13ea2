/**
 * The generation of a store of format 2: a random number in `.ingot/generation` that becomes another
 * one, durably, before the name of an object goes. Who has read the same one twice knows that all it
 * met in between is still there. It is no counter: the one of a restored copy is never met again.
 */
import fs from 'node:fs';
import { join } from 'node:path';
import { bestEffort, failed, hasErrno } from '../../../errors.ts';
import { diskFullHint } from '../../../files/disk-full.ts';
import { type FileOps, flushDirectory, writeFully } from '../../../files/file-ops.ts';
import type { Libc } from '../../../native/libc.ts';
import { denialIn } from './denial.ts';
import { METADATA } from './format.ts';
import { isRandomId, randomId, readSmallFile } from './metadata-file.ts';
import { storeRights } from './sharing.ts';
import { writeMetadata } from './write-metadata.ts';

const MAX_BYTES = 1 << 10;

export function generationPath(root: string): string {
  return join(root, METADATA, 'generation');
}

/** Undefined when it is not there, or no generation. Throws an IngotError. */
export function readGeneration(root: string): string | undefined {
  try {
    const text = readSmallFile(generationPath(root), MAX_BYTES).trimEnd();
    return isRandomId(text) ? text : undefined;
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return undefined;
    throw refused('cannot read the generation of the store', error, root);
  }
}

/** Makes another one, durable on return, on a full disk, too: under the exclusive lock nobody reads it. Throws an IngotError. */
export function changeGeneration(root: string, ops: FileOps, libc: Libc): void {
  const text = `${randomId()}\n`;
  let before: string | undefined;
  bestEffort(() => {
    before = readGeneration(root);
  });
  try {
    const rights = storeRights(root).file;
    writeMetadata(generationPath(root), text, { how: 'replace', rights, ops, libc });
  } catch (error) {
    if (hasErrno(error, 'ENOSPC', 'EDQUOT') && overwrite(root, before, text, ops)) return;
    throw refused('cannot change the generation of the store', error, root);
  }
}

/**
 * Writes it over the one that was there before, which takes no room: what a crash leaves of that is
 * another one, or none. False where there was none, or no way; and where the name of another one could
 * not be made durable: a crash may bring the one before back.
 */
function overwrite(root: string, before: string | undefined, text: string, ops: FileOps): boolean {
  let isDone = false;
  bestEffort(() => {
    if (before === undefined || readGeneration(root) !== before) return;
    const { O_WRONLY, O_NOFOLLOW } = fs.constants;
    const fd = ops.openSync(generationPath(root), O_WRONLY | O_NOFOLLOW);
    try {
      writeFully(ops, fd, Buffer.from(text));
      ops.fsyncSync(fd);
    } finally {
      ops.closeSync(fd);
    }
    // The one that was there may be that of a run that failed before its name was durable.
    flushDirectory(ops, join(root, METADATA));
    isDone = true;
  });
  return isDone;
}

function refused(what: string, error: unknown, root: string): Error {
  const hint = diskFullHint(error, root);
  return failed(what, error, { path: generationPath(root), hint, ...denialIn(root, error) });
}
