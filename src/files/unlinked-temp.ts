import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FileOps, StoreFd } from './file-ops.ts';

/**
 * Opens a file in TMPDIR for reading and writing, and takes its name away at once: nothing is left
 * behind however the process ends. Throws what the calls fail with.
 */
export function openUnlinked(ops: FileOps): StoreFd {
  const path = join(tmpdir(), `ingot-${randomBytes(16).toString('hex')}`);
  const { O_RDWR, O_CREAT, O_EXCL } = fs.constants;
  const fd = ops.openSync(path, O_RDWR | O_CREAT | O_EXCL, 0o600);
  ops.unlinkSync(path);
  return fd;
}
