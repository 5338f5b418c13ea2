import fs from 'node:fs';
import { join } from 'node:path';
import { errnoOf, failed } from '../errors.ts';
import { diskFullHint } from '../files/disk-full.ts';
import { nodeFileOps } from '../files/file-ops.ts';
import { removeFile } from '../files/remove.ts';

export interface ReflinkFigure {
  /** Files on this disk can share blocks: a large source there is not copied. */
  readonly works: boolean;
  /** The errno's name that the kernel refused it with. */
  readonly refusedWith: string | undefined;
}

/** More than btrfs keeps inside its metadata, where nothing can be shared. */
const BYTES = 128 << 10;

/**
 * Clones a file in `folder` (FICLONE): the name of a file system does not show it, since XFS can be
 * made without. Throws an IngotError when the disk is full or fails.
 */
export function probeReflink(folder: string): ReflinkFigure {
  const [source, clone] = [join(folder, 'reflink-source'), join(folder, 'reflink-clone')];
  const content = Buffer.alloc(BYTES, 'ingot');
  const { COPYFILE_EXCL, COPYFILE_FICLONE_FORCE } = fs.constants;
  try {
    fs.writeFileSync(source, content);
    fs.copyFileSync(source, clone, COPYFILE_EXCL | COPYFILE_FICLONE_FORCE);
    const works = fs.readFileSync(clone).equals(content);
    return { works, refusedWith: undefined };
  } catch (error) {
    const code = errnoOf(error);
    if (code === undefined || DISK_FAILURES.has(code))
      throw failed('cannot probe the disk', error, { hint: diskFullHint(error, folder) });
    return { works: false, refusedWith: code };
  } finally {
    removeFile(nodeFileOps, source);
    removeFile(nodeFileOps, clone);
  }
}

/** These say nothing about cloning. */
const DISK_FAILURES = new Set(['ENOSPC', 'EDQUOT', 'EIO', 'EROFS', 'EMFILE', 'ENFILE', 'EACCES']);
