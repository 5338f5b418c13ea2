import fs from 'node:fs';
import { ignoringErrno } from './temps.ts';

/**
 * The most temps that may be open at once, all groups together, when the barrier is an fsync of
 * each: a quarter of what the process may open. Node holds some 20, ten more for each thread, and
 * sources need some too.
 */
const OPEN_TEMPS_SHARE = 0.25;
/** More open temps than this in one group make no barrier cheaper. */
const MAX_OPEN_TEMPS = 512;

/** The same of temps without names, which are only had where very many may be open. */
const NAMELESS_SHARE = 0.5;
/** With fewer in a group the barriers would cost more than the names; more of them spare none. */
const NAMELESS_TEMPS = { least: 1_000, most: 4_000 };

/** Of each of so many groups. */
export function maxOpenTemps(groups: number): number {
  const each = Math.floor((mostOpenFiles() * OPEN_TEMPS_SHARE) / groups);
  return Math.max(1, Math.min(MAX_OPEN_TEMPS, each));
}

/** The same of temps without names; 0 where so few may be open that it is better to name them. */
export function maxNamelessTemps(groups: number, mostOpen = mostOpenFiles()): number {
  const each = Math.floor((mostOpen * NAMELESS_SHARE) / groups);
  return each < NAMELESS_TEMPS.least ? 0 : Math.min(NAMELESS_TEMPS.most, each);
}

/** The soft limit of this process; a usual one where /proc is not mounted. */
function mostOpenFiles(): number {
  let limits = '';
  ignoringErrno(() => {
    limits = fs.readFileSync('/proc/self/limits', 'latin1');
  });
  return Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? 1024);
}
