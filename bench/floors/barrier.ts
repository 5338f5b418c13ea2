import type { Floor } from './floor.ts';

/** One syncfs for all that write + rename left to flush. */
export const BARRIER: Floor = { name: 'barrier', label: 'one barrier', writes: true };
