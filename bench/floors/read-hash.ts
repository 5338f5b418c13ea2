import type { Floor } from './floor.ts';

/** The same, and its SHA-256 is computed. */
export const READ_HASH: Floor = { name: 'hash', label: 'read + hash', writes: false };
