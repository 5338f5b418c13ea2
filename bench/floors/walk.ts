import type { Floor } from './floor.ts';

/** Every directory is read; no file is looked at. */
export const WALK: Floor = { name: 'walk', label: 'walk', writes: false };
