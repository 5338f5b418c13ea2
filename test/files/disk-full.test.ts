import fs from 'node:fs';
import os from 'node:os';
import { expect, it } from 'vitest';
import { diskFullHint } from '../../src/files/disk-full.ts';
import { demand } from '../harness/mounts.ts';
import { errno } from '../harness/temp-store.ts';

it('a disk with room on which no file can be opened lacks inodes, although it has some again', (context) => {
  const folder = os.tmpdir();
  const { files, ffree, bavail, bsize } = fs.statfsSync(folder);
  demand(context, files > 0 && ffree > 0 && bavail * bsize > 2 << 20, `${folder} is full`);
  expect(diskFullHint(errno('ENOSPC', 'open'), folder)).toMatch(/has no inodes left/);
  expect(diskFullHint(errno('ENOSPC', 'write'), folder, 4096)).toMatch(
    /this write needs 4 KiB more/,
  );
});

it('a file that is too large says which limits there are', () => {
  expect(diskFullHint(errno('EFBIG', 'write'), os.tmpdir())).toMatch(/ulimit -f.*FAT/);
});
