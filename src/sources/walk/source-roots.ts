/**
 * The sources as they were when they were named. An errno tells of one entry that it is gone; only a
 * second look at its source tells whether all of that went: a stick was pulled, a server restarted.
 */
import fs, { type BigIntStats } from 'node:fs';
import { errnoOf, type Failure, isDenied } from '../../errors.ts';
import { type FileIdentity, isSameIdentity } from '../../files/file-identity.ts';
import { joinPath, toFsPath } from '../../names.ts';
import { fileSystemTypeOf } from '../../native/file-system-type.ts';

/** File systems in sources that are remembered: each btrfs subvolume looks like one. */
const MAX_MOUNTS = 1_000;

export class SourceRoots {
  /** Of a file nothing but that it is there: many programs write a file anew. */
  readonly #sources = new Map<string, FileIdentity | 'file'>();
  /** What may be lost although its source stays. */
  readonly #parts = new Map<string, FileIdentity>();
  readonly #devices = new Set<number>();

  addFile(path: string): void {
    this.#sources.set(path, 'file');
  }

  addDirectory(path: string, identity: FileIdentity): void {
    this.#sources.set(path, identity);
  }

  /** A directory whose files a list names. */
  addFolder(path: string): void {
    if (!this.#parts.has(path)) this.#addPart(path);
  }

  /** A directory on another device than its source. The first one met there is the mount point. */
  addMount(path: string, device: number): void {
    if (this.#devices.has(device) || this.#devices.size === MAX_MOUNTS) return;
    this.#devices.add(device);
    this.#addPart(path);
  }

  /**
   * What is gone by now, or is another directory: on another device, where inodes do not stay. Parts of sources are looked at on request: where
   * no entry has vanished all that was met of them was read.
   */
  lost({ parts }: { parts: boolean }): Failure[] {
    const lost: Failure[] = [];
    for (const [path, root] of this.#sources) lost.push(...lossOf('a source was lost', path, root));
    if (parts)
      for (const [path, part] of this.#parts)
        lost.push(...lossOf('a part of a source was lost', path, part));
    return lost;
  }

  /** One that is gone already is the entry's own failure. */
  #addPart(path: string): void {
    try {
      this.#parts.set(path, identityOf(path));
    } catch (error) {
      if (errnoOf(error) === undefined) throw error;
    }
  }
}

/**
 * The directory that a path leads to. The dot has an automounter mount it: a look at the bare path
 * would see the mount point itself, and another directory once somebody has read it.
 */
export function identityOf(path: string): BigIntStats {
  try {
    return fs.statSync(toFsPath(joinPath(path, '.')), { bigint: true });
  } catch (error) {
    // A directory that may be read and not searched.
    if (!isDenied(error)) throw error;
    return fs.statSync(toFsPath(path), { bigint: true });
  }
}

function lossOf(what: string, path: string, before: FileIdentity | 'file'): Failure[] {
  const hint = 'what was not read by then is not stored: bring it back and run again';
  const why = 'something else is there than when the run began';
  const replaced = { what, code: 'INGOT_SOURCE_REPLACED', path, why, hint };
  try {
    return isStill(path, before) ? [] : [replaced];
  } catch (error) {
    const code = errnoOf(error);
    if (code === undefined) throw error;
    return [code === 'ENOTDIR' ? replaced : { what, code, path, hint }];
  }
}

function isStill(path: string, before: FileIdentity | 'file'): boolean {
  if (before === 'file') return fs.statSync(toFsPath(path)).isFile();
  const now = identityOf(path);
  if (isSameIdentity(now, before)) return true;
  return now.dev === before.dev && !fileSystemTypeOf(toFsPath(path)).inodesStay;
}
