/** What exports and verifies of snapshots hold in memory. */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { DigestStream } from '../../src/digest.ts';
import type { FileEntry } from '../../src/snapshot/entry.ts';
import { ingotWithPeak } from '../harness/peak-memory.ts';
import { temporaryDirectory } from '../harness/tree.ts';
import { storeSnapshot } from '../snapshot/stored.ts';
import { directoryAt, fileAt, numbered } from '../snapshot/trees.ts';

const ENTRIES = 50_000;
const LARGE_BYTES = 1 << 30;
const MOST_BYTES = 350e6;

/** The peak of a child begins with what this process has: nothing large may be held here. */
function plantLarge(root: string): FileEntry {
  const at = join(root, 'large');
  const piece = randomBytes(1 << 20);
  const hash = new DigestStream();
  const fd = fs.openSync(at, 'w');
  for (let size = 0; size < LARGE_BYTES; size += piece.length) {
    fs.writeSync(fd, piece);
    hash.update(piece);
  }
  fs.closeSync(fd);
  const digest = hash.digest();
  fs.renameSync(at, join(root, digest));
  return { ...fileAt('large'), size: LARGE_BYTES, digest };
}

it('exports and verifies need little memory, however much there is', async () => {
  const root = join(temporaryDirectory(), 'store');
  await storeSnapshot(root, [], { contents: ['x'] });
  const small = fileAt('', 'x');
  const names = numbered('d', ENTRIES).map(({ path }): FileEntry => ({ ...small, path }));
  await storeSnapshot(root, [directoryAt('d'), ...names, plantLarge(root)]);
  for (const args of [
    ...['tar', 'sha256sum', 'bagit', 'composefs'].map((format) => [
      ...['export', 'latest', '--format', format, '-o', '/dev/null'],
    ]),
    ['verify'],
    ['verify', '--snapshot', 'latest'],
  ]) {
    const { ended, peakBytes } = ingotWithPeak([...args, '--store', root]);
    expect(ended, args.join(' ')).toMatchObject({ code: 0 });
    expect(peakBytes, args.join(' ')).toBeLessThan(MOST_BYTES);
  }
});
