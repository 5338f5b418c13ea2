/** Questions to the user at a terminal. */
import type { Output } from './output.ts';

/** There is somebody who can be asked. */
export function canAsk(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

/**
 * True when the answer is yes; anything else, and the end of the input, is no. Rejects with the
 * signal's reason.
 */
export async function askYesNo(
  question: string,
  output: Output,
  signal: AbortSignal,
): Promise<boolean> {
  const { createInterface } = await import('node:readline');
  output.pause();
  process.stderr.write(`ingot: ${question} [y/N] `);
  // Not as a terminal: that would take Ctrl-C for itself, and the command would not stop.
  const lines = createInterface({ input: process.stdin, terminal: false });
  const stop = () => lines.close();
  signal.addEventListener('abort', stop);
  try {
    if (signal.aborted) stop();
    const answer = await new Promise<string>((resolve) => {
      lines.once('line', resolve);
      lines.once('close', () => resolve(''));
    });
    signal.throwIfAborted();
    return /^\s*y(es)?\s*$/i.test(answer);
  } finally {
    signal.removeEventListener('abort', stop);
    lines.close();
    process.stdin.unref();
  }
}
