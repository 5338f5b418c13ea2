import { beforeEach, describe, expect, it } from 'vitest';
import type { LearntFile } from '../../src/ingest/entry-blocks.ts';
import { SeenFiles } from '../../src/ingest/seen-files.ts';
import type { FileStatus } from '../../src/native/file-status.ts';
import { Devices } from '../../src/sources/devices.ts';
import { digestNumber, STATUS } from '../record/recording.ts';

const LINKED: FileStatus = { ...STATUS, links: 2 };
const DIRECTORY = '/';
const NOW = Date.now();

class StableDevices extends Devices {
  override relianceOn() {
    return { inodesStay: true, timesAreLocal: true };
  }
}

const fileOf = (n: number, status = LINKED): LearntFile => ({
  ...{ status, size: status.size, digest: digestNumber(n), xattrs: '', lookedAt: NOW },
});

describe('files that were seen', () => {
  let one: SeenFiles;
  let other: SeenFiles;
  beforeEach(() => {
    const shared = SeenFiles.sharedTable();
    [one, other] = [
      new SeenFiles(new StableDevices(), shared),
      new SeenFiles(new StableDevices(), shared),
    ];
  });

  it('are known to each worker', () => {
    expect(other.find(LINKED)).toBeUndefined();
    one.add(fileOf(1), DIRECTORY);
    for (const seen of [one, other])
      expect(seen.find(LINKED)).toEqual({ size: LINKED.size, digest: digestNumber(1) });
  });

  it.each<Partial<FileStatus>>([
    { device: 9 },
    { inode: LINKED.inode + 2 ** 32 },
    { inodeLow: LINKED.inodeLow + 1 },
    { size: LINKED.size + 1 },
    { modifiedSeconds: LINKED.modifiedSeconds + 1 },
    { modifiedNanoseconds: 0 },
    { changedSeconds: LINKED.changedSeconds - 1 },
    { changedNanoseconds: 0 },
  ])('are not taken for one with another %o', (different) => {
    one.add(fileOf(1), DIRECTORY);
    expect(other.find({ ...LINKED, ...different })).toBeUndefined();
  });

  it('are known as what they have become', () => {
    one.add(fileOf(1), DIRECTORY);
    const changed = { ...LINKED, changedSeconds: LINKED.changedSeconds + 1 };
    other.add(fileOf(2, changed), DIRECTORY);
    expect(one.find(changed)?.digest).toBe(digestNumber(2));
  });

  it.each<[string, LearntFile]>([
    ['of one name', fileOf(1, { ...LINKED, links: 1 })],
    ['that grew while they were read', { ...fileOf(1), size: LINKED.size + 1 }],
    ['changed just now', fileOf(1, { ...LINKED, changedSeconds: Math.floor(NOW / 1000) })],
  ])('are none %s', (_, file) => {
    one.add(file, DIRECTORY);
    expect(one.find(file.status)).toBeUndefined();
  });

  it('are many, and each is known as itself or not at all', () => {
    const count = 140_000;
    const statusOf = (n: number) => ({ ...LINKED, inode: n, inodeLow: n });
    for (let n = 1; n <= count; n++) one.add(fileOf(n % 7, statusOf(n)), DIRECTORY);
    let known = 0;
    for (let n = 1; n <= count; n++) {
      const found = other.find(statusOf(n));
      if (found === undefined) continue;
      known++;
      if (found.digest !== digestNumber(n % 7)) expect.fail(`file ${n} is known as another`);
    }
    expect(known).toBeGreaterThan(100_000);
  });
});
