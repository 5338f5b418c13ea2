#!/usr/bin/env node
import { errnoOf, failed } from '../errors.ts';
import { endProcess } from './end.ts';
import { EXIT, lineOf } from './fail.ts';

// Help and version have no Output, which otherwise hears of this.
process.stdout.on('error', (error) => {
  if (process.stdout.listenerCount('error') > 1) return;
  const isGone = errnoOf(error) === 'EPIPE';
  const line = lineOf(failed('cannot write to standard output', error));
  if (!isGone) process.stderr.write(`ingot: ${line}\n`);
  process.exit(isGone ? EXIT.readerGone : EXIT.failed);
});

try {
  // Loaded here, so that even a failure to load is told in one line.
  const { exactArguments } = await import('./arguments.ts');
  const { run } = await import('./program.ts');
  await run(exactArguments(process.argv.slice(2)));
} catch (error) {
  process.stderr.write(`ingot: ${lineOf(error)}\n`);
  process.exitCode = EXIT.failed;
}
await endProcess();
