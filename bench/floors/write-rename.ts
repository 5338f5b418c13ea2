import type { Floor } from './floor.ts';

/** A temp for each distinct content, written and renamed, nothing flushed. */
export const WRITE_RENAME: Floor = { name: 'write', label: 'write + rename', writes: true };
