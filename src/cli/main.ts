#!/usr/bin/env node
import { endProcess } from './end.ts';
import { EXIT, lineOf } from './fail.ts';

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
