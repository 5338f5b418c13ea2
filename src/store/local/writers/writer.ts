/**
 * A writer is one process with a store open for writing. It has a locked folder, `.tmp-<writer>/`.
 * What a dead writer left is swept on the next open; a live one's never is.
 */

import fs from 'node:fs';
import { basename, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { codeOf, failed, hasErrno, isDenied } from '../../../errors.ts';
import { type FileOps, nodeFileOps } from '../../../files/file-ops.ts';
import {
  isSameFile,
  LOCK,
  LockedFolder,
  OWNERS,
  removeFolder,
  removeTemps,
} from '../../../files/locked-folder.ts';
import { openToSweep, sweepFile } from '../../../files/locked-temp.ts';
import { tryDeadLock } from '../../../files/locks.ts';
import type { Rights } from '../../../files/rights.ts';
import { namesBeginning } from '../../../native/directory-names.ts';
import type { Libc } from '../../../native/libc.ts';
import { LAYOUTS, type Layout } from '../../choices.ts';
import { denialIn } from '../on-disk/denial.ts';
import { directoryFullHint } from '../on-disk/directory-full.ts';
import { FORMAT, requireFormat, type StoreFormat } from '../on-disk/format.ts';
import { openRegular, readStart } from '../on-disk/metadata-file.ts';
import { storeRights } from '../on-disk/sharing.ts';

export const TEMP_PREFIX = '.tmp-';

/** True for what a writer's folder and its marks are called. */
export function isWriterName(name: string): boolean {
  return /^\.tmp-[0-9a-f]{32}$/.test(name);
}

export class Writer {
  /** `STORE/.tmp-<writer>` */
  readonly folder: string;
  /** It holds as long as this writer lives: a relayout waits for writers of the old layout. */
  readonly format: StoreFormat;
  readonly #locked: LockedFolder;

  private constructor(locked: LockedFolder, format: StoreFormat) {
    this.folder = locked.path;
    this.format = format;
    this.#locked = locked;
  }

  /** Makes a writer with a folder of its own, locked. Throws an IngotError. */
  static open(
    root: string,
    format: StoreFormat,
    libc: Libc | undefined,
    ops: FileOps = nodeFileOps,
  ): Writer {
    try {
      for (let known = format; ; ) {
        const locked = LockedFolder.open(root, TEMP_PREFIX, libc, ops, storeRights(root));
        const writer = new Writer(locked, known);
        writer.#orClose(() => locked.sign(`${known.layout} ${FORMAT}`));
        // A relayout writes its format, then looks for writers; a writer shows its layout, then
        // looks at the format: one of them sees the other.
        const current = writer.#orClose(() => requireFormat(root));
        if (isDeepStrictEqual(current, known)) return writer;
        writer.close();
        known = current;
      }
    } catch (error) {
      throw failed('cannot open the store for writing', error, {
        path: root,
        hint: directoryFullHint(error, root, format.layout),
        ...denialIn(root, error),
      });
    }
  }

  #orClose<T>(step: () => T): T {
    let done = false;
    try {
      const result = step();
      done = true;
      return result;
    } finally {
      if (!done) this.close();
    }
  }

  /** Removes the writer's folder with all that is left in it, and gives up the lock. */
  close(): void {
    this.#locked.close();
  }
}

/**
 * Removes the temps of dead writers and gives their number. Without flock no writer is known to be
 * dead, so nothing is removed. An error names what could not be removed.
 */
export async function sweep(
  root: string,
  libc: Libc | undefined,
  ops: FileOps = nodeFileOps,
): Promise<number> {
  if (libc === undefined) return 0;
  let swept = 0;
  try {
    const { lock } = storeRights(root);
    for (const path of await tempsAt(root, libc))
      if (isLeftBehind(path) && sweepOne(path, libc, ops, lock)) swept++;
  } catch (error) {
    throw failed('cannot sweep the temps of dead writers', error, {
      path: (error as NodeJS.ErrnoException).path === undefined ? root : undefined,
      hint: isDenied(error)
        ? 'remove it as its owner or as root (lsattr shows whether it is immutable), and run again'
        : undefined,
    });
  }
  return swept;
}

/** The folder of a writer, or of a doctor that worked here before there was a store. */
const FOLDER = /^\.tmp-(ingot-probe-)?[0-9a-f]{32}$/;

/** What others leave who write a temp beside its object: `.tmp-<digest>`, `.tmp-<mkstemp>`. */
const FILE = /^\.tmp-[A-Za-z0-9_-]+$/;

/** False for what somebody else may have put there, and for files younger than this process. */
function isLeftBehind(path: string): boolean {
  const stats = fs.lstatSync(path, { throwIfNoEntry: false });
  if (stats?.isDirectory()) return FOLDER.test(basename(path));
  const isOld = stats !== undefined && stats.mtimeMs < performance.timeOrigin;
  return isOld && FILE.test(basename(path));
}

/** What a folder `.tmp-<writer>` shows about its writer. */
export interface WriterSign {
  readonly folder: string;
  readonly alive: boolean;
  /** Where it publishes; undefined for a moment while it is being opened. */
  readonly layout: Layout | undefined;
  /** The newest format that it knows, as far as it says so: an ingot that knows only 1 does not. */
  readonly knows: number | undefined;
}

/** The folders of all writers, the dead ones included. Throws what readdir(3) fails with. */
export async function writerFolders(root: string, libc: Libc): Promise<string[]> {
  return (await tempsAt(root, libc)).filter((path) => isWriterName(basename(path)));
}

async function tempsAt(root: string, libc: Libc): Promise<string[]> {
  const names = await namesBeginning(Buffer.from(TEMP_PREFIX), root, libc);
  return names.map((name) => join(root, name.toString()));
}

/**
 * False when a writer is known to be dead. One whose lock cannot be looked at may live: another
 * user's, or any where locks are refused.
 */
export function mayLive(folder: string, libc: Libc): boolean {
  try {
    return signOf(folder, libc).alive;
  } catch (error) {
    if (!isDenied(error)) throw error;
    return true;
  }
}

/** More than any sign has. */
const MAX_SIGN_BYTES = 64;

/** Looks at one writer's lock, which it takes for a moment when the writer is dead. */
export function signOf(folder: string, libc: Libc): WriterSign {
  let fd: number;
  try {
    fd = openRegular(join(folder, LOCK), fs.constants.O_RDWR);
  } catch (error) {
    if (!hasErrno(error, 'ENOENT', 'ENOTDIR') && codeOf(error) !== 'INGOT_BAD_METADATA')
      throw error;
    return { folder, alive: false, layout: undefined, knows: undefined };
  }
  try {
    const text = readStart(fd, MAX_SIGN_BYTES).toString('latin1').trimEnd();
    const [, name, knows] = /^([a-z]+)(?: ([1-9]\d{0,8}))?$/.exec(text) ?? [];
    return {
      folder,
      alive: !tryDeadLock(libc, fd),
      layout: LAYOUTS.find((layout) => layout === name),
      knows: knows === undefined ? undefined : Number(knows),
    };
  } finally {
    fs.closeSync(fd);
  }
}

/**
 * Removes what one dead writer left, a folder or a file; false when it lives or is not ours, as
 * another user's in a directory with the sticky bit.
 */
export function sweepOne(path: string, libc: Libc, ops: FileOps, lock = OWNERS.lock): boolean {
  const found = fs.lstatSync(path, { throwIfNoEntry: false });
  const sweepLocked = found?.isDirectory() ? sweepFolder : sweepFile;
  try {
    return sweepLocked(path, libc, ops, lock);
  } catch (error) {
    const user = process.geteuid?.();
    if (!isDenied(error) || user === 0 || user === found?.uid) throw error;
    return false;
  }
}

function sweepFolder(path: string, libc: Libc, ops: FileOps, rights: Rights): boolean {
  const lock = join(path, LOCK);
  // Creating the lock where it is missing keeps out a writer that is just about to take it.
  const fd = openToSweep(lock, ops, rights);
  if (fd === undefined) return false;
  try {
    if (!tryDeadLock(libc, fd) || !isSameFile(fd, lock)) return false;
    removeTemps(path, ops);
  } finally {
    ops.closeSync(fd);
  }
  removeFolder(path, ops);
  return true;
}
