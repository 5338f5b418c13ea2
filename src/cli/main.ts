#!/usr/bin/env node
/** Imports nothing by itself: even a failure to load the first module is told in one line. */
try {
  const { start } = await import('./start.ts');
  await start();
} catch (error) {
  // What tells of errors elsewhere may be the very thing that is missing.
  const { code, message } = error as NodeJS.ErrnoException;
  const hint = code === 'EMFILE' ? '; raise the limit of open files (ulimit -n)' : '';
  process.stderr.write(`ingot: cannot begin: ${message.split('\n')[0]}${hint}\n`);
  process.exitCode = 1;
}
