/** What a file system lets temps be, tried once with one before there are many. */
import fs from 'node:fs';
import { join } from 'node:path';
import { bestEffort, errnoOf, hasErrno } from '../../../errors.ts';
import { MODE_REFUSALS, nodeFileOps } from '../../../files/file-ops.ts';
import { removeFile } from '../../../files/remove.ts';
import { numberOf } from '../../../native/descriptor.ts';
import type { Files, SourceFd } from '../../../native/files.ts';
import { O_TMPFILE, OBJECT_MODE } from './temps.ts';

export interface TempsHere {
  /** A file without a name can be made, and be given one. */
  readonly nameless: boolean;
  /** Why objects do not get their mode; undefined where they do. */
  readonly modeRefusal: string | undefined;
}

const { O_WRONLY, O_CREAT, O_EXCL } = fs.constants;

/**
 * linkat(2) may be refused by a sandbox or a file system that has files without a name; before Linux
 * 6.10 all but root need /proc for it (ENOENT).
 */
const LINK_REFUSALS = ['EPERM', 'EACCES', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'ENOENT', 'EINVAL'];

/**
 * Tries a temp in a folder of this writer's, whose owner removes it with all that is left in it. What
 * else goes wrong (a full disk) is left to the temps that come: they say what they could not do.
 */
export function tryTemp(folder: string, wantNameless: boolean, files: Files): TempsHere {
  const name = join(folder, 'tried');
  let here: TempsHere = { nameless: wantNameless, modeRefusal: undefined };
  bestEffort(() => {
    const nameless = wantNameless ? openNameless(folder, files) : undefined;
    const fd = nameless ?? files.open(name, O_WRONLY | O_CREAT | O_EXCL, OBJECT_MODE);
    try {
      here = { ...here, modeRefusal: modeRefusalOf(fd) };
      if (nameless !== undefined) here = { ...here, nameless: canBeNamed(fd, name, files) };
    } finally {
      files.close(fd);
      removeFile(nodeFileOps, name);
    }
  });
  return here;
}

/** Undefined where it is refused, which a worker finds out as well. */
function openNameless(folder: string, files: Files): SourceFd | undefined {
  let fd: SourceFd | undefined;
  bestEffort(() => {
    fd = files.open(folder, O_WRONLY | O_TMPFILE, OBJECT_MODE);
  });
  return fd;
}

function modeRefusalOf(fd: SourceFd): string | undefined {
  const mode = fs.fstatSync(numberOf(fd)).mode & 0o777;
  if (mode === OBJECT_MODE) return undefined;
  try {
    fs.fchmodSync(numberOf(fd), OBJECT_MODE);
    return undefined;
  } catch (error) {
    if (!hasErrno(error, ...MODE_REFUSALS)) throw error;
    return `chmod is refused here (${errnoOf(error)}): objects have the mode ${mode.toString(8)} that the file system gives`;
  }
}

function canBeNamed(fd: SourceFd, name: string, files: Files): boolean {
  try {
    files.link?.(fd, name);
    return files.link !== undefined;
  } catch (error) {
    if (!hasErrno(error, ...LINK_REFUSALS)) throw error;
    return false;
  }
}
