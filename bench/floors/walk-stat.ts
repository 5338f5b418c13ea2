import type { Floor } from './floor.ts';

/** Every directory is read, and the status of every file. */
export const WALK_STAT: Floor = { name: 'stat', label: 'walk + stat', writes: false };
