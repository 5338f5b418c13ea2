/** What the record of a run proves of the entries of its snapshot. */
import { describe, expect, it } from 'vitest';
import { Judge } from '../../../../src/ingest/main/removal/judge.ts';
import type { FileStatus } from '../../../../src/native/file-status.ts';
import type { RecordedEntry } from '../../../../src/record/finished-record.ts';
import type { FileEntry, LinkEntry } from '../../../../src/snapshot/entry.ts';
import { Devices } from '../../../../src/sources/devices.ts';
import { digestNumber, LINK, STATUS } from '../../../record/recording.ts';

const OWNED = { uid: 0, gid: 0, mtime: 0n };
const FILE: FileEntry = {
  ...{ type: 'file', path: 'd/f', ...OWNED },
  ...{ mode: 0o644, size: STATUS.size, digest: digestNumber(1) },
};
const LINK_ENTRY: LinkEntry = { type: 'link', path: 'd/l', ...OWNED, target: 'x' };

const RECORDED: RecordedEntry = {
  ...{ status: STATUS, digest: digestNumber(1), target: undefined, isSure: true },
};
const RECORDED_LINK: RecordedEntry = {
  ...{ status: LINK, digest: undefined, target: 'x', isSure: true },
};

function judgeOf(found: RecordedEntry | undefined, begun = Date.now()) {
  const asked: string[] = [];
  const record = {
    begun,
    enter: (inTree: string) => void asked.push(inTree),
    find: (name: string) => {
      asked.push(name);
      return found;
    },
  };
  return { judge: new Judge(record, new Devices()), asked };
}

describe('an entry of the snapshot', () => {
  it('is what the record has under its name', () => {
    const { judge, asked } = judgeOf(RECORDED);
    expect(judge.find(FILE)).toBe(STATUS);
    expect(judge.find({ ...FILE, path: 'top' })).toBe(STATUS);
    expect(asked).toEqual(['d', 'f', '', 'top']);
    expect(judgeOf(RECORDED_LINK).judge.find(LINK_ENTRY)).toBe(LINK);
  });

  it.each<[string, FileEntry | LinkEntry, RecordedEntry | undefined]>([
    ['is not recorded', FILE, undefined],
    ['was compared without its ctime', FILE, { ...RECORDED, isSure: false }],
    ['has another content', { ...FILE, digest: digestNumber(2) }, RECORDED],
    ['has another size', { ...FILE, size: 4 }, RECORDED],
    ['leads elsewhere', { ...LINK_ENTRY, target: 'y' }, RECORDED_LINK],
    ['is a link', LINK_ENTRY, RECORDED],
    ['is a file', FILE, RECORDED_LINK],
  ])('is not known when it %s', (_, entry, recorded) => {
    expect(judgeOf(recorded).judge.find(entry)).toBeUndefined();
  });
});

describe('what has a name now', () => {
  const isIt = (change: Partial<FileStatus>) =>
    judgeOf(RECORDED)
      .judge.expected(STATUS, '/proc')
      .isIt({ ...STATUS, ...change });

  it('is what was recorded, on whatever device, with whatever number of names', () => {
    expect(isIt({ device: 9, links: 3 })).toBe(true);
  });

  it.each<Partial<FileStatus>>([
    ...[{ size: 4 }, { mode: LINK.mode }, { mode: 0o100600 }],
    ...[{ modifiedSeconds: 1 }, { modifiedNanoseconds: 1 }],
    ...[{ changedSeconds: 1 }, { changedNanoseconds: 1 }],
  ])('is another one with %j', (change) => {
    expect(isIt(change)).toBe(false);
  });

  it('is another one with another inode, where these stay', () => {
    const { judge } = judgeOf(RECORDED);
    const { isIt: isThat, inodesStay } = judge.expected(STATUS, '/dev/shm');
    const stays = inodesStay(STATUS);
    expect(isThat({ ...STATUS, inode: 2 ** 33 + 8, inodeLow: 8 })).toBe(!stays);
    expect(isThat({ ...STATUS, inode: 2 ** 34 + 7 })).toBe(!stays);
  });

  it('is too young when it was changed since shortly before the run, else it is unsure', () => {
    const begun = STATUS.changedSeconds * 1000 + 2_500;
    const why = (at: number) => judgeOf(undefined, at).judge.whyNot('f', STATUS, '/dev/shm').why;
    expect([why(begun), why(begun - 60_000), why(begun + 600_000_000)]).toEqual([
      ...['too-young', 'too-young', 'unsure'],
    ]);
  });
});
