/**
 * What Node refuses or misses by itself, before any system call: its own words say which module or
 * which permission, so they are passed on. Any other of its codes (`ERR_INVALID_ARG_TYPE`) means
 * that it was called wrongly: a bug.
 */

/** The parts of a Failure that an error of Node's gives. */
interface Refusal {
  readonly code: string;
  readonly path?: string | undefined;
  readonly why?: string | undefined;
  readonly hint?: string | undefined;
}

/** What an error of Node's permission model has besides its code (Node's docs, Permissions). */
interface Denied {
  readonly permission?: string;
  readonly resource?: string;
}

/** Older versions of Node do not name the flag. */
const FLAGS: Readonly<Record<string, string>> = {
  FileSystemRead: '--allow-fs-read',
  FileSystemWrite: '--allow-fs-write',
  ChildProcess: '--allow-child-process',
  WorkerThreads: '--allow-worker',
};

const MISSING = 'install ingot again, with all packages that it needs';

/** What Node refused; undefined for any other error. `code` is the error's. */
export function refusalIn(code: string | undefined, error: unknown): Refusal | undefined {
  const { message } = error as Error;
  const why = message?.split('\n')[0];
  switch (code) {
    case 'ERR_ACCESS_DENIED': {
      const { permission = '', resource } = error as Denied;
      const flag = message.includes('--allow') ? undefined : FLAGS[permission];
      const hint = flag && `start Node with ${flag}`;
      return { code, why, hint, path: resource || undefined };
    }
    case 'MODULE_NOT_FOUND':
    case 'ERR_MODULE_NOT_FOUND':
      return { code, why, hint: MISSING };
    default:
      return undefined;
  }
}
