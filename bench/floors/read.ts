import type { Floor } from './floor.ts';

/** Every file is opened, read and closed, by all threads. */
export const READ: Floor = { name: 'read', label: 'read', writes: false };
