import type { Layout } from '../store/choices.ts';
import { count, counted } from '../units.ts';
import type { Advised, Figures } from './report.ts';

/**
 * ext4 begins to refuse names in a directory at some 5.5 million digests, although the disk has
 * room: its index has two levels of blocks, which digests fill evenly, so that nearly all of them
 * split at the same time. Three quarters of that keep clear of it.
 */
const SAFE_OBJECTS = 4_000_000;
const USUAL_BLOCK_BYTES = 4096;
/** Two levels of the index, and the names in a block, all grow with the block. */
const BLOCK_POWER = 3;

/** These index directories by trees that grow as they must. */
const WITHOUT_LIMIT = new Set(['xfs', 'btrfs', 'f2fs', 'zfs', 'tmpfs']);

/** Flat is the faster one for tools and people; sharded is for more names than a directory takes. */
export function adviseLayout(figures: Figures): Advised<Layout> {
  const { existing, fileSystem } = figures;
  const { type } = fileSystem;
  const advice = WITHOUT_LIMIT.has(type)
    ? ({ value: 'flat', why: `a directory on ${type} takes any number of objects` } as const)
    : adviseByCount(figures);
  if (existing === undefined || existing.layout === advice.value) return advice;
  return existing.layout === 'sharded'
    ? { value: 'sharded', why: 'the store is sharded, which suits any number of objects' }
    : { ...advice, why: `${advice.why}; the store is flat: run 'ingot relayout --to sharded'` };
}

function adviseByCount({
  existing,
  expectedObjects,
  fileSystem: { type, inodes, inodesFree },
  blockBytes,
}: Figures): Advised<Layout> {
  const safe = safeObjects(type, blockBytes);
  const limit =
    type === 'ext4'
      ? `ext4's directory index takes no more than some ${count(safe)} names for sure`
      : `how many names ${type} takes in one directory is not known, ext4 some ${count(safe)}`;
  const present = existing?.objects ?? 0;
  if (expectedObjects !== undefined || present > safe) {
    const most = Math.max(expectedObjects ?? 0, present);
    return most > safe
      ? { value: 'sharded', why: `${limit}, and ${counted(most, 'object')} are to be stored` }
      : { value: 'flat', why: `${limit}, and you expect ${counted(most, 'object')}` };
  }
  if (inodes > 0 && present + inodesFree <= safe)
    return {
      value: 'flat',
      why: `this disk has inodes for ${count(inodesFree)} more files only, which one directory takes`,
    };
  return {
    value: 'flat',
    why: `good for up to ${count(safe)} objects; take sharded for more: ${limit}`,
  };
}

/** Objects that fit into one directory with a margin. */
function safeObjects(type: string, blockBytes: number): number {
  if (type !== 'ext4') return SAFE_OBJECTS;
  const scale = (Math.min(blockBytes, USUAL_BLOCK_BYTES) / USUAL_BLOCK_BYTES) ** BLOCK_POWER;
  return Math.round((SAFE_OBJECTS * scale) / 1000) * 1000;
}
