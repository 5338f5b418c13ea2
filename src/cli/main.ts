#!/usr/bin/env node
/**
 * Imports only what says where ingot can run and what listens for signals: even a failure to load
 * the first module is reported in one line.
 */
import { platformObstacle } from '../platform.ts';
import { listen } from './early-signals.ts';

const reactions = listen();
// When nobody reads stderr any more, there is no reason to stop.
process.stderr.on('error', () => {});

const obstacle = platformObstacle();
if (obstacle === undefined)
  import('./start.ts')
    .then(({ start }) => start(reactions))
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
