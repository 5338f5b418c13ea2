#!/usr/bin/env node
/** Imports nothing by itself: even a failure to load the first module is reported in one line. */
import('./start.ts')
  .then(({ start }) => start())
  .catch((error: NodeJS.ErrnoException) => {
    // The module that reports errors elsewhere may be the very one that is missing.
    const hint = error.code === 'EMFILE' ? '; raise the limit of open files (ulimit -n)' : '';
    process.stderr.write(`ingot: cannot begin: ${error.message.split('\n')[0]}${hint}\n`);
    process.exitCode = 1;
  });
