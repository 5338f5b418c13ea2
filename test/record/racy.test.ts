import { describe, expect, it } from 'vitest';
import { isRacy, LOCAL_RACE_MS, REMOTE_RACE_MS } from '../../src/record/racy.ts';
import { STATUS } from './recording.ts';

const NOW = 1_700_000_000_000;

/** Seconds before or after the look. */
const changed = (mtime: number, ctime: number) => ({
  ...STATUS,
  modifiedSeconds: Math.floor(NOW / 1000 + mtime),
  changedSeconds: Math.floor(NOW / 1000 + ctime),
});

const look = (from: number, to = from) => ({ from, to });

describe('a file', () => {
  it.each([
    ['this second', 0, 0, true, true],
    ['a second ago', -1, -1, true, true],
    ['two seconds ago', -2, -2, true, true],
    ['four seconds ago', -4, -4, false, true],
    ['nine minutes ago', -540, -540, false, true],
    ['eleven minutes ago', -660, -660, false, false],
    ['now, with an old mtime', -3600, 0, true, true],
    ['long ago, with an mtime of now', 0, -3600, true, true],
    ['before 1970', -2e9, -3e9, false, false],
    ['in an hour', 3600, 3600, false, false],
    ['in a second', 1, 1, true, true],
    ['now, with an mtime in an hour', 3600, 0, true, true],
    ['long ago, with an mtime in an hour', 3600, -3600, false, false],
  ])('that was changed %s', (_, mtime, ctime, local, remote) => {
    const status = changed(mtime, ctime);
    expect(isRacy(status, look(NOW), LOCAL_RACE_MS)).toBe(local);
    expect(isRacy(status, look(NOW), REMOTE_RACE_MS)).toBe(remote);
  });

  it('is racy for no less than two seconds after any moment of its second', () => {
    for (let after = 0; after < 2_000; after += 100)
      for (const within of [0, 1, 500, 999])
        expect(isRacy(changed(0, 0), look(NOW + within + after), LOCAL_RACE_MS)).toBe(true);
  });

  it('is racy when it was changed at any moment of a long look', () => {
    for (let second = -2; second <= 61; second++)
      expect(isRacy(changed(second, -3600), look(NOW, NOW + 60_000), LOCAL_RACE_MS)).toBe(true);
    for (const second of [-4, 65])
      expect(isRacy(changed(second, -3600), look(NOW, NOW + 60_000), LOCAL_RACE_MS)).toBe(false);
  });
});
