/** Who holds a lock, as the kernel of this machine shows it: those of other machines it does not. */
import fs from 'node:fs';
import os from 'node:os';
import { bestEffort } from '../../../errors.ts';
import type { LockHolder } from '../../seam/collecting.ts';

/** None where /proc does not say. */
export function lockHolders(path: string): LockHolder[] {
  let holders: LockHolder[] = [];
  bestEffort(() => {
    const { ino } = fs.statSync(path, { bigint: true });
    const lines = fs.readFileSync('/proc/locks', 'utf8').split('\n');
    const pids = lines.flatMap((line) => pidIn(line, ino));
    holders = [...new Set(pids)].map((pid) => ({
      ...{ pid, host: os.hostname(), since: begunAt(pid) },
    }));
  });
  return holders;
}

/** `1: FLOCK  ADVISORY  READ 1234 08:02:567 0 EOF`. A pid of another namespace is 0. */
function pidIn(line: string, inode: bigint): number[] {
  const [, kind, , , pid, file = ''] = line.split(/\s+/);
  const isIts = kind === 'FLOCK' && file.endsWith(`:${inode}`);
  return isIts && Number(pid) > 0 && Number(pid) !== process.pid ? [Number(pid)] : [];
}

/** ISO 8601; undefined for a process that has ended. */
function begunAt(pid: number): string | undefined {
  let begun: string | undefined;
  bestEffort(() => {
    begun = fs.statSync(`/proc/${pid}`).ctime.toISOString();
  });
  return begun;
}
