import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it, onTestFinished, vi } from 'vitest';
import { makeOwnDisk } from '../../bench/own-disk.ts';
import { makeQuietDisk } from '../../bench/quiet-disk.ts';
import { demandMounts } from '../harness/mounts.ts';
import { temporaryDirectory } from '../harness/tree.ts';

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

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

it('a quiet disk that cannot be made leaves nothing behind, and says what to do', (context) => {
  demandMounts(context);
  const programs = temporaryDirectory();
  const script = '#!/bin/sh\necho no luck >&2\nexit 1\n';
  fs.writeFileSync(join(programs, 'mkfs.ext4'), script, { mode: 0o755 });
  const temps = temporaryDirectory();
  vi.stubEnv('PATH', `${programs}:${process.env.PATH}`);
  vi.stubEnv('TMPDIR', temps);
  const make = vi.spyOn(fs, 'mkdtempSync');
  const makeDisk = () => makeQuietDisk({ bytes: 1 << 20, inodes: 1000 });
  expect(makeDisk).toThrow(/^cannot make a quiet disk: mkfs\.ext4 failed: no luck; --on DIR /);
  const folders = make.mock.results.map(({ value }) => value as string);
  expect(folders.map((folder) => fs.existsSync(folder))).toEqual([false, false]);
});

it('a quiet disk leaves nothing behind when there is no room for its image', () => {
  const temps = temporaryDirectory();
  vi.stubEnv('TMPDIR', temps);
  const { mkdtempSync } = fs;
  vi.spyOn(fs, 'mkdtempSync').mockImplementation((prefix) => {
    if (prefix.startsWith(temps)) return mkdtempSync(prefix);
    throw Object.assign(new Error('full'), { code: 'ENOSPC', path: prefix });
  });
  expect(() => makeQuietDisk({ bytes: 1 << 20, inodes: 1000 })).toThrow(/\(ENOSPC\).*--on DIR/);
  expect(fs.readdirSync(temps)).toEqual([]);
});

it('a folder on a disk of the user is removed when it cannot be set up', () => {
  const parent = temporaryDirectory();
  // Without sync.
  vi.stubEnv('PATH', temporaryDirectory());
  expect(() => makeOwnDisk(parent)).toThrow(/^cannot run sync: /);
  expect(fs.readdirSync(parent)).toEqual([]);
});
