import fs from 'node:fs';

/** What a probe may take of a disk that others need too. */
export interface Room {
  /** The unit in which the file system gives out space. */
  readonly blockBytes: number;
  /** How many small files the probes may have at a time. */
  readonly files: number;
}

/** Files that a probe makes to flush or rename have this size: one block of most file systems. */
export const PROBE_FILE_BYTES = 4096;

/** XFS sets so much aside for a file that grows, and takes it back when it comes to it. No file of a probe is larger. */
const SET_ASIDE_BYTES = 64 << 10;

/** A quarter of what is free stays far from the moment when other programs find no room. */
const SHARE = 0.25;
/** More would show no more, and take long to remove. */
const MAX_FILES = 100_000;

/** Throws what statfs(2) throws. */
export function roomAt(path: string): Room {
  return roomOf(fs.statfsSync(path));
}

type Space = Pick<fs.StatsFs, 'bavail' | 'bsize' | 'files' | 'ffree'>;

/** At least one file: on a full disk the attempt to write it shows what is wrong. */
export function roomOf({ bavail, bsize, files, ffree }: Space): Room {
  const bySpace = (bavail * bsize * SHARE) / Math.max(bsize, SET_ASIDE_BYTES);
  const byInodes = files > 0 ? ffree * SHARE : MAX_FILES;
  const fit = Math.floor(Math.min(bySpace, byInodes, MAX_FILES));
  return { blockBytes: bsize, files: Math.max(1, fit) };
}
