import { failed, UsageError } from '../../../errors.ts';
import { fileSystemTypeOf, syncfsReportsErrors } from '../../../native/file-system-type.ts';
import type { Libc } from '../../../native/libc.ts';
import { withoutLibc } from '../../../native/load-koffi.ts';
import type { BarrierChoice, BarrierKind } from '../../choices.ts';
import { Rounds } from './rounds.ts';

/**
 * Decides between one syncfs(2) for all waiting groups and an fsync(2) of each temp. syncfs is
 * taken only where it is known to be a barrier and to report errors: never on FUSE, which does
 * not pass it on, nor on a network file system. Throws a UsageError when it was demanded there.
 */
export function chooseBarrier(
  choice: BarrierChoice,
  root: string,
  libc: Libc | undefined,
): BarrierKind {
  if (choice === 'fsync') return 'fsync';
  const why = syncfsObstacle(root, libc);
  if (why === undefined) return 'syncfs';
  if (choice === 'auto') return 'fsync';
  throw new UsageError({
    what: 'cannot use --barrier syncfs',
    code: 'INGOT_NO_SYNCFS',
    path: root,
    why: libc === undefined ? withoutLibc() : why,
    hint: 'use --barrier fsync or auto',
  });
}

/** Why syncfs(2) cannot be the barrier for what lies at `root`; undefined where it can. */
export function syncfsObstacle(root: string, libc: Libc | undefined): string | undefined {
  if (libc === undefined) return 'libc could not be called';
  const refusal = libc.syncfsRefusal();
  if (refusal !== undefined) return `syncfs cannot be called here (${refusal})`;
  if (!syncfsReportsErrors()) return 'syncfs reports write-back errors only since Linux 5.8';
  const { name, syncfsIsBarrier } = fileSystemTypeOf(root);
  return syncfsIsBarrier ? undefined : `syncfs is not known to be a barrier on ${name}`;
}

/** The error for a group whose flush failed. */
export function notDurable(error: unknown, path: string | undefined): Error {
  const hint = 'the temps of this group were dropped; check the disk and run again';
  return failed('cannot make objects durable', error, { path, hint });
}

/**
 * One flush of the file system for every group that waits. After a failed flush nothing is ever
 * flushed again: the kernel may have dropped the pages, and a second try would report a false
 * success.
 */
export class BarrierCoordinator {
  readonly #flush: () => Promise<void>;
  readonly #path: string | undefined;
  readonly #rounds = new Rounds<undefined>((groups) => {
    const flushed = this.#flushOnce();
    return groups.map(() => flushed);
  });
  #failure: unknown;
  /** Flushes begun. */
  count = 0;

  /** `path` is what a failure names. */
  constructor(flush: () => Promise<void>, path?: string) {
    this.#flush = flush;
    this.#path = path;
  }

  /** Resolves when all that was written before the call is durable. */
  wait(): Promise<void> {
    return this.#rounds.wait(undefined);
  }

  async #flushOnce(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    this.count++;
    try {
      await this.#flush();
    } catch (error) {
      this.#failure = notDurable(error, this.#path);
      throw this.#failure;
    }
  }
}
