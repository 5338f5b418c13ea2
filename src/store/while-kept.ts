import type { MainHalf } from './seam/write.ts';

export interface KeptSteps<T> {
  /** Looks for all names that count. Throws, or mends it, where one has gone. `isHeld`: none goes meanwhile. */
  readonly look: (isHeld: boolean) => Promise<void>;
  /** Taken while no name goes, and all are there. `generation`: of the store. */
  readonly take: (generation: string | undefined) => T | Promise<T>;
  /** Before each hold. */
  readonly before?: () => Promise<void>;
  readonly signal: AbortSignal | undefined;
}

/** In the place of a generation: nothing was looked for yet. */
export const NEVER = Symbol('never');

/** How often names may go while it looks; after that, as beside a long gc, it looks under the hold. */
export const ROUNDS = 4;

/**
 * Names of objects may have gone since the generation was `known`, and may go while they are looked for:
 * only where none has gone since before the look is what was found still there. Throws what the steps
 * throw, an IngotError, the signal's reason.
 */
export async function whileKept<T>(
  half: Pick<MainHalf, 'hold'>,
  known: string | undefined | typeof NEVER,
  { look, take, before, signal }: KeptSteps<T>,
): Promise<T> {
  let last = known;
  for (let round = 1; ; round++) {
    await before?.();
    const hold = await half.hold(signal);
    const { generation } = hold;
    try {
      const isSame = generation === last;
      last = generation;
      if (!isSame && round > ROUNDS) await look(true);
      if (isSame || round > ROUNDS) return await take(generation);
    } finally {
      hold.release();
    }
    await look(false);
  }
}
