/**
 * What `--durability none` stores may never reach the disk. Such a writer leaves a mark before its
 * first object, `.ingot/unflushed/.tmp-<writer>`. A writer that promises durability may have met
 * one of these objects as a hit: it reads all objects back from the disk before it reports success.
 */
import fs from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { failed, hasErrno, isDenied } from '../../../errors.ts';
import { type FileOps, flushDirectory, flushFile, namesIn } from '../../../files/file-ops.ts';
import { removeFile } from '../../../files/remove.ts';
import { makeFolder, openOrMake } from '../../../files/rights.ts';
import { type Libc, loadLibc } from '../../../native/libc.ts';
import type { Layout } from '../../choices.ts';
import { denialIn } from '../on-disk/denial.ts';
import { listEveryObject } from '../on-disk/every-object.ts';
import { METADATA } from '../on-disk/format.ts';
import { candidatePaths } from '../on-disk/layout.ts';
import { requireNoLink } from '../on-disk/metadata-file.ts';
import { storeRights } from '../on-disk/sharing.ts';
import { isWriterName, mayLive } from '../writers/writer.ts';
import { objectsLost } from './objects-lost.ts';
import { isAnotherThanNow } from './quarantine.ts';
import { quarantineName } from './quarantine-name.ts';
import { DiskReader } from './read-back.ts';

/**
 * Leaves a writer's mark, durably: a power cut may keep the objects and lose what was made before
 * them. Throws what the file system throws.
 */
export function markUnflushed(root: string, writerFolder: string, ops: FileOps): void {
  const folder = marksFolder(root);
  const rights = storeRights(root);
  makeFolder(ops, folder, rights.folder);
  const mark = join(folder, basename(writerFolder));
  ops.closeSync(openOrMake(mark, fs.constants.O_WRONLY, rights.file, ops));
  // The folder, too: the process that made it may have been killed before its flush.
  for (const each of [folder, dirname(folder)]) flushDirectory(ops, each);
}

/**
 * The marks that are there: mostly none. Throws what the file system throws, INGOT_BAD_METADATA
 * where a link would lead to another user's files.
 */
export function unflushedMarks(root: string): string[] {
  const folder = marksFolder(root);
  return requireNoLink(folder) ? namesIn(folder).filter(isWriterName) : [];
}

export interface ReadBackOptions {
  /** One barrier for all objects; without it each is flushed on its own. */
  readonly syncfs?: (() => Promise<void>) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Makes sure of what others may have left unflushed: flushes it and reads every object back from
 * the disk. Those that are not there go to quarantine, and it throws INGOT_LOST: the next run
 * stores them anew. The marks of writers that were still alive before stay: they may store more.
 * Throws an IngotError.
 */
export async function readBackUnflushed(
  root: string,
  layout: Layout,
  ops: FileOps,
  { syncfs, signal }: ReadBackOptions = {},
): Promise<void> {
  const marks = unflushedMarks(root);
  if (marks.length === 0) return;
  try {
    const libc = await loadLibc();
    const done = marksOfDead(root, marks, libc);
    await syncfs?.();
    const disk = new DiskReader(libc, signal);
    let lost = 0;
    let refusal: unknown;
    for (const digest of listEveryObject(root))
      for (const path of candidatePaths(root, layout, digest)) {
        try {
          if (syncfs === undefined) flushObject(path, ops);
          const held = await disk.holds(path, digest);
          if (held === undefined) continue;
          if (!held) {
            const isSound = isAnotherThanNow(path);
            if (await quarantineName(root, { digest, path }, { ops, signal, isSound })) lost++;
          }
        } catch (error) {
          // One that may not be read must not hide those that are lost.
          if (!isDenied(error)) throw error;
          refusal ??= failed('cannot read an object back', error, { path });
        }
        break;
      }
    if (refusal === undefined) for (const mark of done) removeMark(root, mark, ops);
    if (lost > 0)
      throw objectsLost('objects that --durability none stored are not on the disk', lost);
    if (refusal !== undefined) throw refusal;
  } catch (error) {
    if (error === signal?.reason) throw error;
    throw failed('cannot make objects durable that --durability none stored', error, {
      path: root,
      ...denialIn(root, error),
    });
  }
}

/** Flushes the bytes of an object, if it is there. Throws an errno. */
function flushObject(path: string, ops: FileOps): void {
  try {
    flushFile(path, ops);
  } catch (error) {
    if (!hasErrno(error, 'ENOENT')) throw error;
  }
}

/** Without flock no writer is known to be dead. */
function marksOfDead(
  root: string,
  marks: readonly string[],
  libc: Libc | undefined,
): readonly string[] {
  return libc === undefined ? [] : marks.filter((mark) => !mayLive(join(root, mark), libc));
}

/** Another user's mark stays: the next run then reads all objects back once more. */
function removeMark(root: string, mark: string, ops: FileOps): void {
  try {
    removeFile(ops, join(marksFolder(root), mark));
  } catch (error) {
    if (!isDenied(error)) throw error;
  }
}

function marksFolder(root: string): string {
  return join(root, METADATA, 'unflushed');
}
