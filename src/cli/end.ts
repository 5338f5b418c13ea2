import type { Writable } from 'node:stream';
import { loadLibc } from '../native/libc.ts';

/** Options by which Node writes something at an orderly end. */
const WANTS_ORDER = /--(cpu-prof|heap-prof|inspect|prof|trace|report)|NODE_V8_COVERAGE/;

/**
 * Ends the process with `process.exitCode`. Node's own way out waits for V8's threads, and one of
 * them, compiling, may wait for a garbage collection that the main thread no longer runs: a run
 * that is over would then hang for good.
 */
export async function endProcess(): Promise<void> {
  const { NODE_OPTIONS = '', NODE_V8_COVERAGE } = process.env;
  const asked = [...process.execArgv, NODE_OPTIONS, NODE_V8_COVERAGE && 'NODE_V8_COVERAGE'];
  if (WANTS_ORDER.test(asked.join(' '))) return;
  const libc = await loadLibc();
  if (libc === undefined) return;
  await Promise.all([drained(process.stdout), drained(process.stderr)]);
  libc.exit(Number(process.exitCode ?? 0));
}

/** Resolves when all is written, or when nobody reads it any more. */
function drained(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed) resolve();
    else stream.write('', () => resolve());
  });
}
