/** The values of a store's options. Alone, so that the command line knows them without the store. */

/** flat: STORE/<digest>; sharded: STORE/<first 2 characters>/<digest>. */
export type Layout = (typeof LAYOUTS)[number];
export const LAYOUTS = ['flat', 'sharded'] as const;

/** How an object is made durable: one barrier for many, one flush each, or not at all. */
export type Durability = (typeof DURABILITIES)[number];
export const DURABILITIES = ['group', 'file', 'none'] as const;

/** How a group is made durable; `auto`: syncfs where it is known to be a barrier, else fsync. */
export type BarrierChoice = (typeof BARRIERS)[number];
export const BARRIERS = ['auto', 'syncfs', 'fsync'] as const;

/** What `auto` came to: how the barrier of a group is made. */
export type BarrierKind = 'syncfs' | 'fsync';

/** Who else may use a store: the members of its group; `all`: and all users, to read. */
export type Sharing = (typeof SHARINGS)[number];
export const SHARINGS = ['group', 'all'] as const;
