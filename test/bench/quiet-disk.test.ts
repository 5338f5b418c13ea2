import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { makeQuietDisk } from '../../bench/quiet-disk.ts';
import { demandMounts } from '../mounts.ts';

it('a quiet disk is new again although another mount namespace held the last one', async (context) => {
  demandMounts(context);
  const disk = makeQuietDisk({ bytes: 1 << 20, inodes: 1000 });
  onTestFinished(() => disk.remove());
  fs.writeFileSync(join(disk.path, 'old'), '');
  const sandbox = spawn('unshare', ['--mount', 'sh', '-c', 'echo held; sleep 0.5']);
  await once(sandbox.stdout, 'data');
  disk.renew();
  expect(fs.readdirSync(disk.path)).toEqual([]);
});
