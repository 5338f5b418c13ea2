/** Loading koffi, or knowing why it cannot be loaded, and what to do about it. */
import { requireAs, requirePackage } from '../commonjs.ts';
import { asError, codeOf } from '../errors.ts';
import type { Koffi } from './binding.ts';

interface Obstacle {
  readonly why: string;
  readonly hint?: string | undefined;
}

let obstacle: Obstacle | undefined;

/** Undefined, whatever the reason, where the C library cannot be called: `withoutLibc` has it. */
export function loadKoffi(): Koffi | undefined {
  if (process.platform !== 'linux') {
    obstacle = { why: `this is ${process.platform}, not Linux` };
    return undefined;
  }
  try {
    return requirePackage('koffi');
  } catch (error) {
    obstacle = obstacleIn(error, loadBinary);
    return undefined;
  }
}

/** Why the C library could not be called in this thread. Ends with what to do, where that is known. */
export function withoutLibc(found = obstacle): string {
  if (found === undefined) return 'libc could not be called on this machine';
  const { why, hint } = found;
  return `libc could not be called: ${why}${hint === undefined ? '' : `; ${hint}`}`;
}

/**
 * From what loading koffi threw. Where its binary cannot be loaded koffi may keep the reason to
 * itself: `loadAgain` does the same once more and throws it.
 */
export function obstacleIn(thrown: unknown, loadAgain: () => void): Obstacle {
  const error = codeOf(thrown) === undefined ? (thrownBy(loadAgain) ?? thrown) : thrown;
  const why = asError(error).message.split('\n')[0]!;
  switch (codeOf(error)) {
    case 'MODULE_NOT_FOUND':
      return { why: `there is no binary of koffi for ${MACHINE} here`, hint: NOT_INSTALLED };
    case 'ERR_DLOPEN_DISABLED':
      return { why, hint: NO_ADDONS };
    case 'ERR_DLOPEN_FAILED':
      return { why, hint: isNoExec(why) ? NO_EXEC : undefined };
    default:
      return { why };
  }
}

const MACHINE = `${process.platform}-${process.arch}`;

const NOT_INSTALLED =
  'install ingot with its optional packages (--no-optional and --omit=optional leave them out)';
const NO_ADDONS = 'start Node without --no-addons, or with --allow-addons beside --permission';
const NO_EXEC = 'install ingot on a file system that is not mounted noexec';

/** What dlopen(3) of glibc and of musl says where a file may not be mapped to be run. */
function isNoExec(why: string): boolean {
  return /failed to map segment|Operation not permitted|Permission denied/.test(why);
}

/** From where koffi lies: a package manager may show its binary to it alone. */
function loadBinary(): void {
  requireAs('koffi', `@koromix/koffi-${MACHINE}`);
}

function thrownBy(step: () => void): unknown {
  try {
    step();
    return undefined;
  } catch (error) {
    return error;
  }
}
