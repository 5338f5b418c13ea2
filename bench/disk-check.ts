/** Is there room for what will be measured? Told before the first run, not in the middle of one. */
import fs from 'node:fs';
import os from 'node:os';
import { failed, IngotError } from '../src/errors.ts';
import { bytes, count } from '../src/units.ts';
import { MEMORY } from './quiet-disk.ts';

export interface Demand {
  /** An existing folder on the disk. */
  readonly folder: string;
  readonly bytes: number;
  readonly inodes: number;
  /** `question 'large'`, `the trees`. */
  readonly by: string;
}

/** Throws an IngotError when a disk has less than all demands on it together. */
export function checkRoom(demands: readonly Demand[]): void {
  for (const device of new Set(demands.map(({ folder }) => deviceOf(folder))))
    checkDisk(demands.filter(({ folder }) => deviceOf(folder) === device));
}

/** All of the demands are on one disk. */
function checkDisk(demands: readonly Demand[]): void {
  const [{ folder }] = demands as [Demand];
  const { bavail, bsize, files, ffree } = fs.statfsSync(folder);
  const inMemory = demands.some((demand) => demand.folder === MEMORY);
  const free = inMemory ? Math.min(bavail * bsize, availableMemory()) : bavail * bsize;
  const needed = sum(demands.map((demand) => demand.bytes));
  const inodes = sum(demands.map((demand) => demand.inodes));
  const by = demands.map((demand) => demand.by).join(' and ');
  const lack = (need: string, has: string) =>
    new IngotError({
      what: 'not enough room to measure',
      code: 'ENOSPC',
      path: folder,
      why: `${by} need ${need} and it has ${has}`,
      hint: 'name fewer questions, a smaller --scale, or --on DIR and --corpora DIR on other disks',
    });
  if (needed > free) throw lack(bytes(needed), bytes(free));
  // Some file systems make inodes as they go and count none.
  if (files > 0 && inodes > ffree)
    throw lack(`${count(inodes)} inodes`, `${count(ffree)} of them free`);
}

/** MemAvailable: what can be taken without swapping, the page cache included. */
function availableMemory(): number {
  const line = /^MemAvailable:\s+(\d+) kB$/m.exec(fs.readFileSync('/proc/meminfo', 'utf8'));
  return line === null ? os.freemem() : Number(line[1]) * 1024;
}

function deviceOf(folder: string): number {
  try {
    return fs.statSync(folder).dev;
  } catch (error) {
    throw failed('cannot measure there', error, { path: folder });
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
