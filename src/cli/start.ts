import { failed } from '../errors.ts';
import { isReaderGone } from '../files/standard-streams.ts';
import type { Reactions } from './early-signals.ts';
import { endProcess } from './end.ts';
import { EXIT, lineOf, stackOf } from './fail.ts';
import { takeOver } from './signals.ts';

/** Runs the command line of this process to the process's end. */
export async function start(reactions: Reactions): Promise<void> {
  takeOver(reactions);
  process.stdout.on('error', onStdoutError);
  try {
    // Loaded here, so that a failure to load is reported with the advice that other errors get.
    const { exactArguments } = await import('./arguments.ts');
    const { run } = await import('./program.ts');
    await run(exactArguments(process.argv.slice(2)));
  } catch (error) {
    process.stderr.write(`ingot: ${lineOf(error)}\n`);
    if (process.argv.includes('--debug')) process.stderr.write(`${stackOf(error)}\n`);
    process.exitCode = EXIT.failed;
  }
  await endProcess();
}

/** Help and version have no Output, which handles this for the commands. */
function onStdoutError(error: Error): void {
  if (process.stdout.listenerCount('error') > 1) return;
  const isGone = isReaderGone(error);
  const line = lineOf(failed('cannot write to standard output', error));
  if (!isGone) process.stderr.write(`ingot: ${line}\n`);
  process.exit(isGone ? EXIT.readerGone : EXIT.failed);
}
