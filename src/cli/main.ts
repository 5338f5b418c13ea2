#!/usr/bin/env node
/**
 * Imports only what says where ingot can run: even a failure to load the first module is reported
 * in one line.
 */
import { platformObstacle } from '../platform.ts';

const obstacle = platformObstacle();
if (obstacle === undefined)
  import('./start.ts')
    .then(({ start }) => start())
    .catch((error: NodeJS.ErrnoException) => {
      // The module that reports errors elsewhere may be the very one that is missing.
      const hint = error.code === 'EMFILE' ? '; raise the limit of open files (ulimit -n)' : '';
      process.stderr.write(`ingot: cannot begin: ${error.message.split('\n')[0]}${hint}\n`);
      process.exitCode = 1;
    });
else {
  process.stderr.write(`ingot: ${obstacle}\n`);
  process.exitCode = 1;
}
