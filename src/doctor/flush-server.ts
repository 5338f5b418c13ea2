/** What the flushing process does; the entry file workers/doctor-flusher.ts only calls it. */
import fs from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { nodeFileOps, writeFully } from '../files/file-ops.ts';
import { type Libc, loadLibc } from '../native/libc.ts';
import type { FlushRequest, FlushSample } from './flush-messages.ts';
import { PROBE_FILE_BYTES } from './room.ts';
import { serveProbe } from './serve-probe.ts';

const CONTENT = Buffer.alloc(PROBE_FILE_BYTES, 'ingot');
/** Making the files of a group is not what is measured. */
const WRITE_MS = 200;

/** Until the doctor is gone. */
export function serveFlushes(folder: string): void {
  serveProbe('cannot probe how the disk flushes', folder, async (request: FlushRequest) =>
    flush(request, folder, await loadLibc()),
  );
}

/** One sample. Throws what the file system throws; what it made may stay in the folder then. */
export async function flush(
  { kind, files }: FlushRequest,
  folder: string,
  libc: Libc | undefined,
): Promise<FlushSample> {
  const byFile = kind === 'fsyncFile' || kind === 'fsyncGroup';
  const staged = stageFiles(folder, files, byFile);
  const folderFd = fs.openSync(folder, fs.constants.O_RDONLY | fs.constants.O_DIRECTORY);
  try {
    const begun = performance.now();
    if (kind === 'fsyncFile') fs.fsyncSync(staged[0]!.fd);
    else if (kind === 'fsyncGroup') await Promise.all(staged.map(({ fd }) => fsync(fd)));
    else if (kind === 'fsyncDirectory') fs.fsyncSync(folderFd);
    else await syncfsOf(libc)(folderFd);
    return { ms: performance.now() - begun, files: staged.length };
  } finally {
    fs.closeSync(folderFd);
    for (const { path, fd } of staged) {
      if (byFile) fs.closeSync(fd);
      fs.unlinkSync(path);
    }
  }
}

const fsync = promisify(fs.fsync);

function syncfsOf(libc: Libc | undefined): Libc['syncfs'] {
  if (libc === undefined) throw new Error('syncfs is only probed where libc can be called');
  return libc.syncfs;
}

interface StagedFile {
  readonly path: string;
  readonly fd: number;
}

/** At least one new file, and as many as can be made in a moment. */
function stageFiles(folder: string, files: number, keepOpen: boolean): StagedFile[] {
  const staged: StagedFile[] = [];
  const endMs = performance.now() + WRITE_MS;
  do {
    const path = join(folder, String(staged.length));
    const fd = fs.openSync(path, 'wx', 0o444);
    staged.push({ path, fd });
    writeFully(nodeFileOps, fd, CONTENT);
    if (!keepOpen) fs.closeSync(fd);
  } while (staged.length < files && performance.now() < endMs);
  return staged;
}
