import type { Floor } from './floor.ts';

/** Write, fsync and rename of each distinct content, by all threads; told from a sample of 2,000. */
export const FSYNC: Floor = { name: 'fsync', label: 'fsync of each file', writes: true };
