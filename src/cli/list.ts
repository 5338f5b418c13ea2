/** What commands that look at snapshots have in common: many lines, and snapshots that are damaged. */
import { type Failure, IngotError } from '../errors.ts';
import { toBytes } from '../names.ts';
import type { DamagedReference } from '../snapshot/catalog.ts';
import type { CommandContext } from './command.ts';
import { EXIT, type ExitCode } from './fail.ts';
import type { Element, Output } from './output.ts';

/** Written at once, and at the latest after so many milliseconds. */
const AT_ONCE = 512;
const AT_LATEST_MS = 100;

/** Prints elements as they come, with flat memory, until it is told to stop; gives their number. */
export async function printList(
  { output, signal }: CommandContext,
  elements: AsyncIterable<Element>,
  { isNul = false }: { readonly isNul?: boolean | undefined } = {},
): Promise<number> {
  const encode = isNul ? toBytes : undefined;
  let waiting: Element[] = [];
  let count = 0;
  let lastMs = performance.now();
  for await (const element of elements) {
    waiting.push(element);
    count++;
    if (waiting.length < AT_ONCE && performance.now() - lastMs < AT_LATEST_MS) continue;
    await output.elements(waiting, encode);
    signal.throwIfAborted();
    waiting = [];
    lastMs = performance.now();
  }
  await output.elements(waiting, encode);
  return count;
}

/** Names what is damaged, each in a line, and gives the exit code that follows. */
export class DamageReport {
  readonly found: DamagedReference[] = [];
  readonly #output: Output;

  constructor(output: Output) {
    this.#output = output;
  }

  readonly add = (damaged: DamagedReference): void => {
    this.found.push(damaged);
    this.#output.say(lineFor(damaged.failure));
    this.#output.event({ event: 'damaged', ...damaged });
  };

  get exitCode(): ExitCode {
    if (this.found.length === 0) return EXIT.done;
    // A snapshot of a newer ingot is whole.
    const isDamage = this.found.some(({ failure }) => failure.code === 'INGOT_DAMAGED');
    return isDamage ? EXIT.damaged : EXIT.incomplete;
  }
}

function lineFor(failure: Failure): string {
  return new IngotError(failure).message;
}
