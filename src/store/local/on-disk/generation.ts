/**
 * The generation of a store of format 2: a random number in `.ingot/generation` that becomes another
 * one, durably, before the name of an object goes. Who has read the same one twice knows that all it
 * met in between is still there. It is no counter: the one of a restored copy is never met again.
 */
import { join } from 'node:path';
import { failed, hasErrno } from '../../../errors.ts';
import { diskFullHint } from '../../../files/disk-full.ts';
import type { FileOps } from '../../../files/file-ops.ts';
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

/** Makes another one, durable on return. Throws an IngotError. */
export function changeGeneration(root: string, ops: FileOps, libc: Libc): void {
  try {
    const rights = storeRights(root).file;
    writeMetadata(generationPath(root), `${randomId()}\n`, { how: 'replace', rights, ops, libc });
  } catch (error) {
    throw refused('cannot change the generation of the store', error, root);
  }
}

function refused(what: string, error: unknown, root: string): Error {
  const hint = diskFullHint(error, root);
  return failed(what, error, { path: generationPath(root), hint, ...denialIn(root, error) });
}
