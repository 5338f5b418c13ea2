/**
 * What signals do from the program's first line on, until a command takes over. Like platform.ts,
 * this imports nothing and uses only syntax that old versions of Node can read.
 */

export type StopSignal = 'SIGHUP' | 'SIGINT' | 'SIGTERM';

/** What the signals do at the moment: a command puts its own functions here. */
export interface Reactions {
  stop: (name: StopSignal) => void;
  /** SIGUSR1 and SIGUSR2 ask how far the program is. */
  ask: () => void;
}

/** What the shell calls the end by a signal: 128 + its number. */
const EXIT_CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };

/**
 * Listens for good. Without a listener SIGUSR1 opens Node's debugger and SIGUSR2 ends the process,
 * and where it is PID 1, as in a container, the kernel drops a signal that nobody listens for.
 */
export function listen(): Reactions {
  const reactions: Reactions = {
    stop: (name) => {
      process.removeAllListeners(name);
      process.kill(process.pid, name);
      // Still there: it is PID 1.
      process.exit(EXIT_CODES[name]);
    },
    ask: () => {
      process.stderr.write('ingot: starting\n');
    },
  };
  const stops: readonly StopSignal[] = ['SIGHUP', 'SIGINT', 'SIGTERM'];
  for (const name of stops) process.on(name, () => reactions.stop(name));
  const questions: readonly NodeJS.Signals[] = ['SIGUSR1', 'SIGUSR2'];
  for (const name of questions) process.on(name, () => reactions.ask());
  return reactions;
}
