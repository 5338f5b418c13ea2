#!/usr/bin/env node
/**
 * Imports only what says where ingot can run: even a failure to load the first module is told in
 * one line.
 */
import { platformObstacle } from '../platform.ts';

const obstacle = platformObstacle();
if (obstacle === undefined)
  import('./start.ts')
    .then(({ start }) => start())
    .catch((error: NodeJS.ErrnoException) => {
      // What tells of errors elsewhere may be the very thing that is missing.
      const hint = error.code === 'EMFILE' ? '; raise the limit of open files (ulimit -n)' : '';
      process.stderr.write(`ingot: cannot begin: ${error.message.split('\n')[0]}${hint}\n`);
      process.exitCode = 1;
    });
else {
  process.stderr.write(`ingot: ${obstacle}\n`);
  process.exitCode = 1;
}
