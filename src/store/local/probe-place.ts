/**
 * Where a doctor or a selftest probes, and how it leaves nothing there. In a store it is a writer
 * like any other. Elsewhere it makes a locked folder in the directory that is, or would hold, the
 * store; what a killed one left is swept by the next of them there, or by the first open of the
 * store.
 */
import fs from 'node:fs';
import { dirname, join } from 'node:path';
import { codeOf, failed, hasErrno, IngotError, isFailure } from '../../errors.ts';
import { denialOf } from '../../files/denied.ts';
import { diskFullHint } from '../../files/disk-full.ts';
import { nodeFileOps } from '../../files/file-ops.ts';
import { LockedFolder } from '../../files/locked-folder.ts';
import type { Libc } from '../../native/libc.ts';
import type { ProbePlace } from '../seam/upkeep.ts';
import { PROBE_PREFIX, readFormat, type StoreFormat } from './on-disk/format.ts';
import { syncfsObstacle } from './publish/barrier.ts';
import { sweep, sweepOne, Writer } from './writers/writer.ts';

/** Never creates a store. Throws an IngotError when nothing can be written there. */
export async function openProbePlace(root: string, libc: Libc | undefined): Promise<ProbePlace> {
  const found = lookAt(root);
  const { folder, layout, swept, close } =
    found.format === undefined
      ? openBeside(found.directory, root, libc)
      : await openAsWriter(root, found.format, libc);
  return {
    kind: found.kind,
    directory: found.directory,
    layout,
    folder,
    swept,
    syncfsObstacle: syncfsObstacle(folder, libc),
    close: (succeeded) => closePlace(folder, close, succeeded),
  };
}

interface OpenFolder extends Pick<ProbePlace, 'folder' | 'layout' | 'swept'> {
  /** Throws what the file system throws. */
  close(): void;
}

async function openAsWriter(
  root: string,
  found: StoreFormat,
  libc: Libc | undefined,
): Promise<OpenFolder> {
  const swept = await sweep(root, libc);
  const writer = Writer.open(root, found, libc);
  const { folder, format } = writer;
  return { folder, layout: format.layout, swept, close: () => writer.close() };
}

/** Does not hide an error that led here: what cannot be removed now is swept the next time. */
function closePlace(folder: string, close: () => void, succeeded: boolean): void {
  try {
    close();
  } catch (error) {
    if (succeeded) throw failed('cannot remove what was probed with', error, { path: folder });
    if (!isFailure(error)) throw error;
  }
}

interface Found extends Pick<ProbePlace, 'kind' | 'directory'> {
  readonly format: StoreFormat | undefined;
}

function lookAt(root: string): Found {
  let format: StoreFormat | undefined;
  try {
    format = readFormat(root);
  } catch (error) {
    if (codeOf(error) !== 'INGOT_NOT_A_STORE' || !isDirectory(root)) throw error;
    return { kind: 'other directory', directory: root, format: undefined };
  }
  if (format !== undefined) return { kind: 'store', directory: root, format };
  if (isDirectory(root)) return { kind: 'empty', directory: root, format };
  return { kind: 'missing', directory: nearestDirectory(root), format };
}

/** The one in which the first folder on the way to `path` would be made. */
function nearestDirectory(path: string): string {
  const parent = dirname(path);
  if (isDirectory(parent)) return parent;
  if (fs.lstatSync(parent, { throwIfNoEntry: false }) === undefined)
    return nearestDirectory(parent);
  throw new IngotError({
    what: 'no store can be made here',
    code: 'INGOT_NOT_A_STORE',
    path,
    why: `${parent} is no directory`,
    hint: 'name an existing store, an empty directory or a new path',
  });
}

function isDirectory(path: string): boolean {
  try {
    return fs.statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
  } catch (error) {
    if (hasErrno(error, 'ENOTDIR')) return false;
    throw failed('cannot look for the store', error, { path });
  }
}

function openBeside(directory: string, root: string, libc: Libc | undefined): OpenFolder {
  try {
    const swept = libc === undefined ? 0 : sweepProbes(directory, libc);
    const locked = LockedFolder.open(directory, PROBE_PREFIX, libc, nodeFileOps);
    return { folder: locked.path, layout: undefined, swept, close: () => locked.close() };
  } catch (error) {
    throw failed(`cannot probe the disk of ${root}`, error, {
      path: directory,
      hint: diskFullHint(error, directory),
      ...denialOf(error, directory),
    });
  }
}

/** Only our own names: the directory may be anybody's. */
function sweepProbes(directory: string, libc: Libc): number {
  const names = fs.readdirSync(directory).filter((name) => name.startsWith(PROBE_PREFIX));
  return names.filter((name) => sweepOne(join(directory, name), libc, nodeFileOps)).length;
}
