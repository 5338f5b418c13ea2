/** Who needs something: nobody that is known, one snapshot, several, or forgotten ones alone. */

export const NOBODY = 0;
/** Snapshots have the numbers between. */
export const FIRST_SNAPSHOT = 1;
export const FORGOTTEN = 2 ** 32 - 2;
export const SEVERAL = 2 ** 32 - 1;

/** What is needed by `owner` already, and by another one. */
export function ownedBy(owner: number, another: number): number {
  return owner === NOBODY || owner === another ? another : SEVERAL;
}
