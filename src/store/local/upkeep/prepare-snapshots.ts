/**
 * Makes a store format 2, so that it can have snapshots:
 *
 *   generation → store.json of format 2 → wait for writers of format 1 → store.json says since when
 *
 * From its second step on an ingot that knows only format 1 refuses the store. One that was writing
 * before may go on for hours. It never looks at the generation and holds no lock, so it might count
 * as stored what is taken away meanwhile: `since` is missing as long as such a writer may live, and
 * whoever finds it missing waits on. The writers of this ingot are not waited for: a hold at the end
 * of a run shows it the generation that the store has by then.
 */
import { failed } from '../../../errors.ts';
import { diskFullHint } from '../../../files/disk-full.ts';
import type { FileOps } from '../../../files/file-ops.ts';
import type { Libc } from '../../../native/libc.ts';
import { counted } from '../../../units.ts';
import { denialIn } from '../on-disk/denial.ts';
import { requireFormat, type StoreFormat, writeFormat } from '../on-disk/format.ts';
import { changeGeneration } from '../on-disk/generation.ts';
import { randomId } from '../on-disk/metadata-file.ts';
import { waitForStoreLock } from '../on-disk/store-lock.ts';
import { waitForOldWriters } from '../writers/old-writers.ts';

export interface PrepareOptions {
  readonly libc: Libc;
  readonly ops: FileOps;
  /** Ends the waiting: it rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Called with a line on whom it waits for, and when that changes. */
  readonly onWaiting?: ((text: string) => void) | undefined;
}

/**
 * Gives the format that the store has then. To be called before this process takes a writer, which
 * a relayout may wait for. Throws an IngotError, the signal's reason.
 */
export async function prepareSnapshots(
  root: string,
  options: PrepareOptions,
): Promise<StoreFormat> {
  const { libc, ops, signal, onWaiting } = options;
  const found = requireFormat(root);
  if (found.since !== undefined) return found;
  const lockFd = await waitForStoreLock(root, 'relayout.lock', {
    ...{ kind: 'exclusive', libc, ops, signal },
    onWaiting: () => onWaiting?.(`${WAITING} another process that changes its layout or format`),
  });
  try {
    return await changeFormat(root, options);
  } catch (error) {
    if (error === signal?.reason) throw error;
    const hint = diskFullHint(error, root);
    throw failed(CANNOT, error, { path: root, hint, ...denialIn(root, error) });
  } finally {
    ops.closeSync(lockFd);
  }
}

const CANNOT = 'cannot make the store ready for snapshots';
const WAITING = 'the store is made ready for snapshots: waiting for';

async function changeFormat(
  root: string,
  { libc, ops, signal, onWaiting }: PrepareOptions,
): Promise<StoreFormat> {
  let format = requireFormat(root);
  if (format.since !== undefined) return format;
  const write = (next: StoreFormat) => {
    writeFormat(root, next, 'replace', ops, libc);
    format = next;
  };
  if (format.format === 1) {
    changeGeneration(root, ops, libc);
    write({ ...format, format: 2, id: randomId() });
  }
  await waitForOldWriters(root, ({ knows = 1 }) => knows < 2, libc, {
    onWaiting: (writers) => {
      if (writers > 0) onWaiting?.(`${WAITING} ${counted(writers, 'writer')} of an older ingot`);
    },
    onPoll: () => signal?.throwIfAborted(),
  });
  write({ ...format, since: new Date().toISOString() });
  return format;
}
