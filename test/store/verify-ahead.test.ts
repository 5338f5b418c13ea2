/** What a check asks for ahead of its batch, on real objects, through calls that are looked on. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { basename } from 'node:path';
import { expect, it } from 'vitest';
import { type Digest, digestOf } from '../../src/digest.ts';
import { numberOf } from '../../src/native/descriptor.ts';
import { nodeStatus } from '../../src/native/file-status.ts';
import type { Files } from '../../src/native/files.ts';
import { loadLibc } from '../../src/native/libc.ts';
import { Width } from '../../src/read-ahead/width.ts';
import { askForObject } from '../../src/store/local/ask-for-object.ts';
import { objectPath } from '../../src/store/local/on-disk/layout.ts';
import { verifyObjects } from '../../src/store/local/upkeep/verify-objects.ts';
import { countOpenIn } from '../harness/open-files.ts';
import { errno, plant, plantMany, tempStore } from '../harness/temp-store.ts';

const libcFiles: Files = (await loadLibc())!.files;

interface Circumstances {
  readonly width?: number;
  readonly bytes?: number;
  readonly files?: Partial<Files>;
}

/** Checks a batch, and says what was asked for, in this order, and how much was open meanwhile. */
function check(root: string, digests: readonly Digest[], how: Circumstances = {}) {
  const asked: string[] = [];
  let mostOpen = 0;
  const willNeed: Files['willNeed'] = (fd, from, size) => {
    const path = fs.readlinkSync(`/proc/self/fd/${numberOf(fd)}`);
    expect({ from, size }).toEqual({ from: 0, size: fs.statSync(path).size });
    asked.push(basename(path));
    mostOpen = Math.max(mostOpen, countOpenIn(root));
  };
  const width = new Width(how.width ?? 100, false);
  const bounds = { width, aheadBytes: how.bytes ?? 1 << 20, stopped: () => false };
  const files = { ...libcFiles, willNeed, ...how.files };
  const ask = askForObject(root, 'flat', { files, status: nodeStatus });
  const batch = verifyObjects(root, 'flat', digests, { bounds, ask });
  expect(countOpenIn(root)).toBe(0);
  return { asked, mostOpen, batch, width };
}

it('asks for each object once, and has one open at a time', () => {
  const root = tempStore();
  const digests = plantMany(root, 'flat', 300);
  const { asked, mostOpen, batch } = check(root, digests, { width: 64 });
  expect(asked).toEqual(digests);
  expect(mostOpen).toBe(1);
  expect(batch.reads).toMatchObject({
    ...{ aheadWidth: 64, ahead: { files: 300 }, notAhead: { files: 0 } },
  });
});

it('asks for no more bytes at a time than it may, nor for objects that are read in pieces', () => {
  const root = tempStore();
  const large = plant(root, 'flat', Buffer.alloc((1 << 20) + 1));
  const digests = [large, ...plantMany(root, 'flat', 40)];
  const first = askedBeforeReading(root, digests, 25);
  // 'content 0' has 9 bytes: a third one is asked for while there are fewer than 25.
  expect(first).toEqual(digests.slice(1, 4));
  expect(check(root, digests).asked).not.toContain(large);
});

/** What was asked for when the first object was to be read. */
function askedBeforeReading(root: string, digests: readonly Digest[], bytes: number): string[] {
  const asked: string[] = [];
  const width = new Width(100, false);
  const ask = askForObject(root, 'flat', { files: libcFiles, status: nodeStatus })!;
  let isReading = false;
  verifyObjects(root, 'flat', digests, {
    bounds: { width, aheadBytes: bytes, stopped: () => false },
    ask: (digest, most) => {
      const size = ask(digest, most);
      if (size !== undefined && !isReading) asked.push(digest);
      return size;
    },
    onRead: () => {
      isReading = true;
    },
  });
  return asked;
}

it('asks for nothing but what lies in its place, and finds what it finds without', () => {
  const root = tempStore();
  const sound = plantMany(root, 'flat', 20);
  const elsewhere = `${root}/../elsewhere`;
  fs.writeFileSync(elsewhere, 'elsewhere');
  const [link, fifo, folder, missing, other] = ['link', 'fifo', 'folder', 'missing', 'other'].map(
    (name) => digestOf(Buffer.from(name)),
  ) as [Digest, Digest, Digest, Digest, Digest];
  fs.symlinkSync(elsewhere, objectPath(root, 'flat', link));
  execFileSync('mkfifo', [objectPath(root, 'flat', fifo)]);
  fs.mkdirSync(objectPath(root, 'flat', folder));
  fs.mkdirSync(`${root}/${other.slice(0, 2)}`);
  fs.writeFileSync(objectPath(root, 'sharded', other), 'other');
  const digests = [link, fifo, ...sound, folder, missing, other];
  const { asked, batch } = check(root, digests);
  expect(asked).toEqual(sound);
  const { reads: _, ...without } = verifyObjects(root, 'flat', digests);
  expect(batch).toMatchObject({ ...without, checked: 24, gone: 1 });
  expect(batch.damaged.map(({ digest }) => digest)).toEqual([link, fifo, folder]);
  // What was not asked for, and was read: the one in the other layout.
  expect(batch.reads).toMatchObject({ ahead: { files: 20 }, notAhead: { files: 1 } });
});

it.each(['EMFILE', 'ENFILE', 'ENOMEM'])('ends for good at %s, and all are checked', (code) => {
  const root = tempStore();
  const digests = plantMany(root, 'flat', 100);
  let opens = 0;
  const open: Files['open'] = (...args) => {
    if (++opens > 10) throw errno(code, 'open');
    return libcFiles.open(...args);
  };
  const { asked, batch, width } = check(root, digests, { files: { open }, width: 16 });
  expect(asked).toEqual(digests.slice(0, 10));
  expect({ opens, files: width.files }).toEqual({ opens: 11, files: 0 });
  expect(batch).toMatchObject({ checked: 100, damaged: [], unreadable: [] });
});

it.each(['EACCES', 'EIO'])('passes over what fails with %s', (code) => {
  const root = tempStore();
  const digests = plantMany(root, 'flat', 30);
  const open: Files['open'] = (path, ...args) => {
    if (String(path).endsWith(digests[3]!)) throw errno(code, 'open');
    return libcFiles.open(path, ...args);
  };
  const { asked, batch } = check(root, digests, { files: { open } });
  expect(asked).toEqual(digests.filter((digest) => digest !== digests[3]));
  expect(batch).toMatchObject({ checked: 30, damaged: [] });
});

it('asks for nothing without libc', () => {
  const calls = { files: { ...libcFiles, willNeed: undefined as never }, status: nodeStatus };
  expect(askForObject('/', 'flat', calls)).toBeUndefined();
});
