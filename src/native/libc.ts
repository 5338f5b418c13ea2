/**
 * The calls that Node's fs does not have, made through koffi: the only place that leaves Node.
 * koffi brings its binaries inside its npm packages. Where none fits the machine, `loadLibc`
 * gives undefined and the callers fall back: fsync for the barrier, no sweep without flock.
 */
import { errnoName } from '../errors.ts';

export interface Libc {
  /**
   * syncfs(2): writes back the whole file system that holds `fd`, on libuv's thread pool.
   * Since Linux 5.8 it reports write-back errors that happened since `fd` was opened.
   */
  syncfs(fd: number): Promise<void>;
  /** flock(2), exclusive, not waiting: false when another open file holds the lock. */
  tryLock(fd: number): boolean;
}

const LOCK_EX = 2;
const LOCK_NB = 4;

let loaded: Promise<Libc | undefined> | undefined;

/** Binds libc once a thread; undefined where koffi has no binary for this machine. */
export function loadLibc(): Promise<Libc | undefined> {
  loaded ??= bind();
  return loaded;
}

async function bind(): Promise<Libc | undefined> {
  if (process.platform !== 'linux') return undefined;
  let koffi: typeof import('koffi').default;
  try {
    koffi = (await import('koffi')).default;
  } catch {
    // koffi throws errors without a code when it finds no binary: whatever the reason, no libc.
    return undefined;
  }
  // null is the process itself, which is linked to glibc or musl, whatever its file is called.
  const self = koffi.load(null);
  const syncfs = self.func('int syncfs(int fd)');
  const flock = self.func('int flock(int fd, int operation)');
  return {
    syncfs: (fd) =>
      new Promise((resolve, reject) => {
        // koffi keeps the errno of an asynchronous call for its callback.
        syncfs.async(fd, (error: Error | null, result: number) => {
          if (error !== null) reject(error);
          else if (result !== 0) reject(errnoError('syncfs', koffi.errno()));
          else resolve();
        });
      }),
    tryLock: (fd) => {
      while (flock(fd, LOCK_EX | LOCK_NB) !== 0) {
        const errno = koffi.errno();
        if (errno === koffi.os.errno.EWOULDBLOCK) return false;
        if (errno !== koffi.os.errno.EINTR) throw errnoError('flock', errno);
      }
      return true;
    },
  };
}

function errnoError(syscall: string, errno: number): Error {
  const code = errnoName(errno);
  return Object.assign(new Error(`${code}: ${syscall}`), { errno: -errno, code, syscall });
}
