import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { ReadRequest } from '../../src/doctor/read-messages.ts';
import { FilesToRead, strideIn } from '../../src/doctor/read-server.ts';
import { canDrop, type DroppingFiles, READ_FILE_BYTES } from '../../src/doctor/reads.ts';
import { numberOf } from '../../src/native/descriptor.ts';
import { loadLibc } from '../../src/native/libc.ts';
import { demand, demandMounts, demandProgram, mountTmpfs } from '../harness/mounts.ts';
import { temporaryDirectory } from '../harness/tree.ts';

const { files } = (await loadLibc())!;
if (!canDrop(files)) throw new Error('libc drops no files here');

const FOREVER = { forMs: 1e6, depth: 1 };
const MAKE: ReadRequest = { kind: 'make', files: 100, ...FOREVER };

/** Which files were asked for, read and dropped, in order: `ask 5`. */
function recording(real: DroppingFiles): { files: DroppingFiles; calls: string[] } {
  const calls: string[] = [];
  const note = (what: string, fd: unknown) => {
    const name = fs
      .readlinkSync(`/proc/self/fd/${numberOf(fd as number)}`)
      .split('/')
      .at(-1)!;
    calls.push(`${what} ${name}`);
  };
  return {
    calls,
    files: {
      ...real,
      willNeed: (fd) => note('ask', fd),
      drop: (fd) => void note('drop', fd),
      read: (fd, into, size) => {
        note('read', fd);
        return real.read(fd, into, size);
      },
    },
  };
}

/** Bytes that the page cache holds of the files in a folder. */
function cachedIn(folder: string): number {
  const names = fs.readdirSync(folder).map((name) => join(folder, name));
  const listed = execFileSync('fincore', ['-b', '-n', '-o', 'RES', ...names], { encoding: 'utf8' });
  return listed.split('\n').reduce((sum, line) => sum + Number(line), 0);
}

describe('files to read', () => {
  it('are made, flushed and dropped, all different', async () => {
    const folder = temporaryDirectory();
    const { files: noted, calls } = recording(files);
    const fsync = vi.spyOn(fs, 'fsync');
    onTestFinished(() => fsync.mockRestore());
    expect(await new FilesToRead(folder, noted).answer(MAKE)).toMatchObject({ files: 100 });
    const contents = fs.readdirSync(folder).map((name) => fs.readFileSync(join(folder, name)));
    expect(new Set(contents.map((content) => content.toString('hex'))).size).toBe(100);
    expect(contents.every(({ length }) => length === READ_FILE_BYTES)).toBe(true);
    expect(fsync).toHaveBeenCalledTimes(100);
    // Before its flush, which begins the writing, and after it.
    expect(calls.filter((call) => call === 'drop 7')).toHaveLength(2);
  });

  it('are out of the page cache once they are made, and in it when they were read', async (context) => {
    demandProgram(context, 'fincore');
    const folder = temporaryDirectory();
    demand(context, fs.statfsSync(folder).type === 0xef53, 'temporary files are not on ext4');
    const server = new FilesToRead(folder, files);
    await server.answer(MAKE);
    expect(cachedIn(folder)).toBe(0);
    await server.answer({ kind: 'read', files: 10, ...FOREVER });
    expect(cachedIn(folder)).toBe(10 * READ_FILE_BYTES);
    await server.answer({ kind: 'read', files: 20, depth: 8, forMs: 1e6 });
    expect(cachedIn(folder)).toBe(20 * READ_FILE_BYTES);
  });

  it('are as many as there is time for, and enough to fill the deepest queue', async () => {
    const made = await new FilesToRead(temporaryDirectory(), files).answer({ ...MAKE, forMs: 0 });
    expect(made.files).toBe(64);
  });

  it('are asked for as many at a time as are wanted, and read in their turn', async () => {
    const { files: noted, calls } = recording(files);
    const server = new FilesToRead(temporaryDirectory(), noted);
    await server.answer(MAKE);
    calls.length = 0;
    await server.answer({ kind: 'read', files: 4, depth: 3, forMs: 1e6 });
    const kinds = calls.map((call) => call.split(' ')[0]);
    expect(kinds).toEqual(['ask', 'ask', 'ask', 'read', 'ask', 'read', 'read', 'read']);
    const named = (kind: string) =>
      calls.filter((call) => call.startsWith(kind)).map((call) => call.slice(kind.length));
    expect(named('read')).toEqual(named('ask'));
  });

  it('are read again as they were, and dropped before others are', async () => {
    const { files: noted, calls } = recording(files);
    const server = new FilesToRead(temporaryDirectory(), noted);
    await server.answer(MAKE);
    calls.length = 0;
    await server.answer({ kind: 'read', files: 2, ...FOREVER });
    await server.answer({ kind: 'again', files: 2, ...FOREVER });
    const [first, second] = calls;
    expect(calls).toEqual([first, second, first, second]);
    calls.length = 0;
    await server.answer({ kind: 'read', files: 2, ...FOREVER });
    expect(calls.slice(0, 2)).toEqual([first, second].map((call) => call!.replace('read', 'drop')));
  });

  it('that are under way when the time is over are waited for, and no more begun', async () => {
    const server = new FilesToRead(temporaryDirectory(), files);
    await server.answer(MAKE);
    const sample = await server.answer({ kind: 'read', files: 100, depth: 8, forMs: 0 });
    expect(sample.files).toBeLessThanOrEqual(8);
    expect(sample.files).toBeGreaterThanOrEqual(1);
  });

  it('give what dropping them is refused with', async () => {
    const refusing = { ...files, drop: () => 'EPERM' };
    const made = await new FilesToRead(temporaryDirectory(), refusing).answer(MAKE);
    expect(made).toMatchObject({ refused: 'EPERM' });
  });

  it.each(['EIO', 'EMFILE', 'EACCES'])('fail with %s of a call', async (code) => {
    const failing = {
      ...files,
      open: () => {
        throw Object.assign(new Error(code), { code });
      },
    };
    const server = new FilesToRead(temporaryDirectory(), failing);
    await server.answer(MAKE);
    await expect(server.answer({ kind: 'read', files: 1, ...FOREVER })).rejects.toThrow(code);
  });

  it('fail on a full disk, and keep nothing open', async (context) => {
    demandMounts(context);
    const open = fs.readdirSync('/proc/self/fd').length;
    const server = new FilesToRead(mountTmpfs('size=1m'), files);
    await expect(server.answer(MAKE)).rejects.toMatchObject({ code: 'ENOSPC' });
    expect(fs.readdirSync('/proc/self/fd').length).toBeLessThanOrEqual(open);
  });
});

it('a stride comes to every file before it comes to one again, and not to its neighbour', () => {
  for (const count of [64, 100, 617, 2048]) {
    const stride = strideIn(count);
    const seen = new Set(Array.from({ length: count }, (_, n) => (n * stride) % count));
    expect(seen.size, `${count} files`).toBe(count);
    expect(stride).toBeGreaterThan(count / 4);
    expect(stride).toBeLessThan((count * 3) / 4);
  }
});
