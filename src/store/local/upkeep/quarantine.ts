/**
 * Damaged objects are moved out of the way, so that a later ingest stores their content again; they
 * are never deleted. rename(2) moves whatever has the name: a writer may publish good content there
 * in the moment before. So an object goes first to `.ingot/moving/`, is checked there, and goes on
 * to quarantine or back to its place. What a kill leaves in between may be an object reported as
 * stored. The next writer or `verify --quarantine` settles it.
 */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type Digest, isDigest } from '../../../digest.ts';
import { failed, hasErrno, isDenied } from '../../../errors.ts';
import {
  type FileOps,
  flushDirectory,
  flushFile,
  namesIn,
  nodeFileOps,
} from '../../../files/file-ops.ts';
import { makeFolder } from '../../../files/rights.ts';
import { stampAt } from '../../../files/stamp.ts';
import type { Layout } from '../../choices.ts';
import { denialIn } from '../on-disk/denial.ts';
import { METADATA } from '../on-disk/format.ts';
import { objectPath } from '../on-disk/layout.ts';
import { requireNoLink } from '../on-disk/metadata-file.ts';
import { storeRights } from '../on-disk/sharing.ts';
import { hashesTo } from './verify-objects.ts';

/** Where damaged objects are kept: as `<digest>.<random>`. */
export function quarantineFolder(root: string): string {
  return join(root, METADATA, 'quarantine');
}

/** Where objects are for a moment: as `<digest>.<random>`. */
export function movingFolder(root: string): string {
  return join(root, METADATA, 'moving');
}

/** In the order in which they are flushed: what has left the second has to be in the first. */
function bothFolders(root: string): string[] {
  return [quarantineFolder(root), movingFolder(root)];
}

/** Throws INGOT_BAD_METADATA where a link would lead to another user's files. */
export function requireQuarantine(root: string): void {
  for (const folder of bothFolders(root)) requireNoLink(folder);
}

/** The same for the shard that an object lies in, or goes back to. */
function requireOwnShard(root: string, path: string): void {
  const shard = dirname(path);
  if (shard !== root) requireNoLink(shard);
}

/** An object that is looked at, and where. */
export interface ObjectAt {
  readonly digest: Digest;
  readonly path: string;
}

/** A damaged object on its way, step by step. `isSound` looks at the file at a path. */
export class QuarantineMove {
  readonly #root: string;
  readonly #object: ObjectAt;
  readonly #ops: FileOps;
  readonly #isSound: (at: string) => boolean;
  #at: string;

  constructor(root: string, object: ObjectAt, ops: FileOps, isSound: (at: string) => boolean) {
    this.#root = root;
    this.#object = object;
    this.#ops = ops;
    this.#isSound = isSound;
    this.#at = object.path;
  }

  /** False when it is not damaged any more. */
  begin(): boolean {
    requireOwnShard(this.#root, this.#at);
    for (const folder of bothFolders(this.#root)) openFolder(this.#root, folder, this.#ops);
    return !this.#isSound(this.#at);
  }

  /** Takes its name away. */
  take(): void {
    const name = `${this.#object.digest}.${randomBytes(8).toString('hex')}`;
    const moving = join(movingFolder(this.#root), name);
    this.#ops.renameSync(this.#at, moving);
    this.#at = moving;
  }

  /** Durable on return. Gives its new path; undefined when good content had its name. */
  end(): string | undefined {
    const { path } = this.#object;
    const soundAt = this.#isSound(this.#at) ? path : undefined;
    const place = moveOn(this.#root, this.#at, soundAt, this.#ops);
    flushDirectory(this.#ops, dirname(path));
    return place;
  }

  /** What a step threw: returns when there is no such object any more, else throws an IngotError. */
  failed(error: unknown): undefined {
    // Moved, removed or settled by another process.
    if (hasErrno(error, 'ENOENT') && !isThere(this.#at)) return undefined;
    const { path } = this.#object;
    throw failed('cannot quarantine an object', error, { path, ...denialIn(this.#root, error) });
  }
}

/**
 * Moves what is damaged away from a name that goes on to be there: with another object, or in the
 * other layout. Durable on return. Gives its new path, or undefined when there is no such object any
 * more: it was moved, or good content was published in its place. `isSound` looks at the file at a
 * path; by default it hashes it. Throws an IngotError. Where the name goes, `quarantineName`.
 */
export function quarantine(
  root: string,
  object: ObjectAt,
  ops: FileOps = nodeFileOps,
  isSound = (at: string) => hashesTo(at, object.digest),
): string | undefined {
  const move = new QuarantineMove(root, object, ops, isSound);
  try {
    if (!move.begin()) return undefined;
    move.take();
    return move.end();
  } catch (error) {
    return move.failed(error);
  }
}

/** The same for an object that the disk does not hold. True when it was moved. */
export function quarantineLost(root: string, object: ObjectAt, ops: FileOps): boolean {
  return quarantine(root, object, ops, isAnotherThanNow(object.path)) !== undefined;
}

/**
 * Of an object that the disk does not hold the bytes may still be good in memory, so the stamp of the
 * file shows whether another one took its place, not a hash.
 */
export function isAnotherThanNow(path: string): (at: string) => boolean {
  const stampOf = (at: string) => stampAt(at, fs.lstatSync);
  const lost = stampOf(path);
  return (at) => stampOf(at) !== lost;
}

/** From `.ingot/moving/` to an object's place, or else to quarantine: gives the path there. */
function moveOn(
  root: string,
  moving: string,
  soundAt: string | undefined,
  ops: FileOps,
): string | undefined {
  // It may replace an object reported durable, so it must be durable too.
  if (soundAt !== undefined) flushFile(moving, ops);
  const place = soundAt ?? join(quarantineFolder(root), basename(moving));
  ops.renameSync(moving, place);
  flushDirectory(ops, dirname(place));
  return soundAt === undefined ? place : undefined;
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
    if (!hasErrno(error, 'EISDIR')) throw error;
    quarantine(root, { digest, path }, ops);
    ops.renameSync(temp, path);
  }
}

/**
 * Ends what a kill has left half-way: sound objects go back to their place, others to quarantine. A
 * process that does the same at this moment finds it done. What another user's process left is not
 * touched. Throws an IngotError.
 */
export function settleMoves(root: string, layout: Layout, ops: FileOps = nodeFileOps): void {
  requireQuarantine(root);
  const folder = movingFolder(root);
  try {
    // The process that moved something may have been killed before either move was durable.
    for (const each of bothFolders(root)) if (isThere(each)) flushDirectory(ops, each);
    for (const name of namesIn(folder)) {
      const digest = name.slice(0, DIGEST_LENGTH);
      if (isDigest(digest)) settleOwn(root, layout, digest, join(folder, name), ops);
    }
  } catch (error) {
    if (isDenied(error)) return;
    throw failed('cannot settle a quarantine that was cut off', error, { path: folder });
  }
}

/** What may not be moved stays, and keeps no other from being settled. */
function settleOwn(...[root, layout, digest, moving, ops]: Parameters<typeof settleMove>): void {
  try {
    settleMove(root, layout, digest, moving, ops);
  } catch (error) {
    if (!isDenied(error)) throw error;
  }
}

function settleMove(
  root: string,
  layout: Layout,
  digest: Digest,
  moving: string,
  ops: FileOps,
): void {
  const path = objectPath(root, layout, digest);
  requireOwnShard(root, path);
  openFolder(root, quarantineFolder(root), ops);
  try {
    moveOn(root, moving, hashesTo(moving, digest) ? path : undefined, ops);
  } catch (error) {
    if (!hasErrno(error, 'ENOENT') || isThere(moving)) throw error;
  }
}

/** Objects on their way, or left there by a kill. Throws what readdir(3) fails with. */
export function countMoves(root: string): number {
  return namesIn(movingFolder(root)).length;
}

export const DIGEST_LENGTH = 64;

function openFolder(root: string, folder: string, ops: FileOps): void {
  if (makeFolder(ops, folder, storeRights(root).folder)) flushDirectory(ops, dirname(folder));
}

export function isThere(path: string): boolean {
  return fs.lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
