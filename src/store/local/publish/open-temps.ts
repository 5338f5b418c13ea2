import fs from 'node:fs';
import { bestEffort } from '../../../errors.ts';
import type { BarrierKind, Durability } from '../../choices.ts';

/** Which temps stay open until they are published, and how many of them. */
export interface OpenTemps {
  /** Small contents are staged in files without a name. */
  readonly namelessTemps: boolean;
  /** In one group, which is full then. Infinity where temps are closed once they are written. */
  readonly maxOpenTemps: number;
}

/**
 * How much of the process's descriptors temps may take, all groups together, when the barrier is an
 * fsync of each. Node holds some 20, ten more for each thread, and sources need some too.
 */
const FSYNCED_SHARE = 0.25;
/** More open temps than this in one group make no barrier cheaper. */
const MAX_FSYNCED = 512;

/** The same for temps without names, which are used only where very many files may be open. */
const NAMELESS_SHARE = 0.5;
/**
 * With fewer in a group the barriers would cost more than the names; a larger group saves nothing
 * more.
 */
const NAMELESS = { min: 1_000, max: 4_000 };

/** Temps that have names, and are closed once they are written. */
export const NAMED_TEMPS: OpenTemps = {
  namelessTemps: false,
  maxOpenTemps: Number.POSITIVE_INFINITY,
};

/** For each of `groups` groups, in a process that may open `maxOpen` files. */
export function openTemps(
  durability: Durability,
  barrier: BarrierKind,
  groups: number,
  maxOpen = maxOpenFiles(),
): OpenTemps {
  if (durability !== 'group') return NAMED_TEMPS;
  const each = (share: number) => Math.floor((maxOpen * share) / groups);
  if (barrier === 'fsync') {
    const most = Math.max(1, Math.min(MAX_FSYNCED, each(FSYNCED_SHARE)));
    return { namelessTemps: false, maxOpenTemps: most };
  }
  const nameless = each(NAMELESS_SHARE);
  if (nameless < NAMELESS.min) return NAMED_TEMPS;
  return { namelessTemps: true, maxOpenTemps: Math.min(NAMELESS.max, nameless) };
}

/** The soft limit of this process; a usual one where /proc is not mounted. */
function maxOpenFiles(): number {
  let limits = '';
  bestEffort(() => {
    limits = fs.readFileSync('/proc/self/limits', 'latin1');
  });
  return Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? 1024);
}
