/**
 * Damaged objects are moved out of the way, so that a later ingest stores their content again;
 * never deleted. rename(2) cannot be told to move this inode only: a writer may publish good
 * content under the name in the moment before. So an object goes first to `.ingot/moving/`, is
 * looked at there, and goes on to quarantine or back to its place. What a kill leaves in between,
 * the next writer or `verify --quarantine` settles: it may be an object that somebody was told is stored.
 */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { dirname, join } from 'node:path';
import { errnoOf, failed } from '../errors.ts';
import type { Layout } from './choices.ts';
import { type Digest, isDigest } from './digest.ts';
import {
  type FileOps,
  flushDirectory,
  flushFile,
  makeFolder,
  namesIn,
  nodeFileOps,
} from './file-ops.ts';
import { METADATA } from './format.ts';
import { objectPath } from './layout.ts';
import { hashesTo } from './verify-objects.ts';

/** Where damaged objects are kept: as `<digest>.<n>`. */
export function quarantineFolder(root: string): string {
  return join(root, METADATA, 'quarantine');
}

/** Where objects are for a moment: as `<digest>.<random>`. */
function movingFolder(root: string): string {
  return join(root, METADATA, 'moving');
}

/**
 * Moves a damaged object to quarantine, durable on return. Gives its new path, or undefined when
 * the file of this inode is no longer there: it was moved, or good content was published in its
 * place. Throws an IngotError.
 */
export function quarantine(
  root: string,
  object: { readonly digest: Digest; readonly path: string; readonly inode: number },
  ops: FileOps = nodeFileOps,
): string | undefined {
  const { digest, path, inode } = object;
  try {
    for (const folder of [quarantineFolder(root), movingFolder(root)]) openFolder(folder, ops);
    if (inodeOf(path) !== inode) return undefined;
    const moving = join(movingFolder(root), `${digest}.${randomBytes(8).toString('hex')}`);
    ops.renameSync(path, moving);
    const mistaken = inodeOf(moving) !== inode;
    // What it may replace has been said to be durable.
    if (mistaken) flushFile(moving, ops);
    const place = mistaken ? path : freeName(root, digest);
    ops.renameSync(moving, place);
    flushDirectory(ops, dirname(place));
    flushDirectory(ops, dirname(path));
    return mistaken ? undefined : place;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' && inodeOf(path) !== inode) return undefined;
    throw failed('cannot quarantine an object', error, { path });
  }
}

/**
 * rename(2) of a temp to an object's name, which replaces files only: a directory that somebody
 * made there goes to quarantine first. Throws what rename(2) fails with, or an IngotError.
 */
export function replaceObject(
  root: string,
  digest: Digest,
  temp: string,
  path: string,
  ops: FileOps,
): void {
  try {
    ops.renameSync(temp, path);
  } catch (error) {
    const inode = errnoOf(error) === 'EISDIR' ? inodeOf(path) : undefined;
    if (inode === undefined) throw error;
    quarantine(root, { digest, path, inode }, ops);
    ops.renameSync(temp, path);
  }
}

/**
 * Ends what a kill has left half-way: sound objects go back to their place, others to quarantine.
 * Whoever is at it just now finds it done; what another user has left is his to settle. Throws an
 * IngotError.
 */
export function settleMoves(root: string, layout: Layout, ops: FileOps = nodeFileOps): void {
  const folder = movingFolder(root);
  // A link would lead to the files of somebody else.
  if (!fs.lstatSync(folder, { throwIfNoEntry: false })?.isDirectory()) return;
  try {
    for (const name of namesIn(folder)) {
      const digest = name.slice(0, DIGEST_LENGTH);
      if (isDigest(digest)) settle(root, layout, digest, join(folder, name), ops);
    }
  } catch (error) {
    if (['EACCES', 'EPERM'].includes(errnoOf(error) ?? '')) return;
    throw failed('cannot settle a quarantine that was cut off', error, { path: folder });
  }
}

function settle(root: string, layout: Layout, digest: Digest, moving: string, ops: FileOps): void {
  openFolder(quarantineFolder(root), ops);
  try {
    const sound = hashesTo(moving, digest);
    if (sound) flushFile(moving, ops);
    const place = sound ? objectPath(root, layout, digest) : freeName(root, digest);
    ops.renameSync(moving, place);
    flushDirectory(ops, dirname(place));
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT' || inodeOf(moving) !== undefined) throw error;
  }
}

/** Objects on their way, or left there by a kill. Throws what readdir(3) fails with. */
export function countMoves(root: string): number {
  return namesIn(movingFolder(root)).length;
}

const DIGEST_LENGTH = 64;
/** Others who may write the store may look here; strangers are kept out by the store's own mode. */
const FOLDER_MODE = 0o755;

function openFolder(folder: string, ops: FileOps): void {
  if (makeFolder(ops, folder, FOLDER_MODE)) flushDirectory(ops, dirname(folder));
}

function freeName(root: string, digest: Digest): string {
  for (let n = 1; ; n++) {
    const name = join(quarantineFolder(root), `${digest}.${n}`);
    if (inodeOf(name) === undefined) return name;
  }
}

function inodeOf(path: string): number | undefined {
  return fs.lstatSync(path, { throwIfNoEntry: false })?.ino;
}
