/**
 * What `--durability none` stores may not be on the disk. Such a writer leaves a mark before its
 * first object, `.ingot/unflushed/.tmp-<writer>`. Whoever promises durability may have met one of
 * these objects as a hit, and flushes all of them before it reports success.
 */
import fs from 'node:fs';
import { basename, join } from 'node:path';
import { errnoOf, failed } from '../errors.ts';
import { loadLibc } from '../native/libc.ts';
import type { Layout } from './choices.ts';
import type { Digest } from './digest.ts';
import { listEveryObject } from './every-object.ts';
import { type FileOps, flushFile, makeFolder, namesIn } from './file-ops.ts';
import { METADATA } from './format.ts';
import { candidatePaths } from './layout.ts';
import { removeFile } from './remove.ts';
import { signOf } from './writer.ts';

/** Leaves a writer's mark. Throws what the file system throws. */
export function markUnflushed(root: string, writerFolder: string, ops: FileOps): void {
  const { O_WRONLY, O_CREAT, O_NOFOLLOW } = fs.constants;
  makeFolder(ops, marksFolder(root), 0o700);
  const mark = join(marksFolder(root), basename(writerFolder));
  ops.closeSync(ops.openSync(mark, O_WRONLY | O_CREAT | O_NOFOLLOW, 0o600));
}

/** The marks that are there: mostly none. Throws what the file system throws. */
export function unflushedMarks(root: string): string[] {
  return namesIn(marksFolder(root));
}

/**
 * Flushes what others may have left unflushed: by `syncfs` where that is a barrier, else object by
 * object. The marks of writers that were still alive before stay: they may store more. Throws an
 * IngotError.
 */
export async function flushUnflushed(
  root: string,
  layout: Layout,
  ops: FileOps,
  syncfs?: () => Promise<void>,
): Promise<void> {
  const marks = unflushedMarks(root);
  if (marks.length === 0) return;
  try {
    const done = await marksOfDead(root, marks);
    if (syncfs !== undefined) await syncfs();
    else for (const digest of listEveryObject(root)) flushObject(root, layout, digest, ops);
    for (const mark of done) removeFile(ops, join(marksFolder(root), mark));
  } catch (error) {
    throw failed('cannot make objects durable that --durability none stored', error, {
      path: root,
    });
  }
}

/** Without flock nobody can be known to be dead. */
async function marksOfDead(root: string, marks: readonly string[]): Promise<readonly string[]> {
  const libc = await loadLibc();
  return libc === undefined ? [] : marks.filter((mark) => !signOf(join(root, mark), libc).alive);
}

/** Flushes the bytes of one object, if it is there. Throws an errno. */
export function flushObject(root: string, layout: Layout, digest: Digest, ops: FileOps): void {
  for (const path of candidatePaths(root, layout, digest)) {
    try {
      flushFile(path, ops);
      return;
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error;
    }
  }
}

function marksFolder(root: string): string {
  return join(root, METADATA, 'unflushed');
}
