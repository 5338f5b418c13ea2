import { Turns } from '../../turns.ts';

/**
 * How long the walk may run before it yields to worker messages, in milliseconds; one directory may
 * take longer. A turn of the event loop for each directory would take as long as reading it.
 */
export const TURN_MS = 1;

/** The turns of a walk, of reading its rules, and of its list of sources. */
export function walkTurns(signal: AbortSignal | undefined, stepsPerLook = 1): Turns {
  return new Turns({ holdMs: TURN_MS, signal, stepsPerLook });
}
