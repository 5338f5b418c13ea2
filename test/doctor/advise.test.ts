import { describe, expect, it } from 'vitest';
import { advise } from '../../src/doctor/advise.ts';
import { spreadOf } from '../../src/doctor/spread.ts';
import { figuresWith, flushOf, ratesOf, USUAL } from './figures.ts';

describe('the barrier', () => {
  it('is syncfs where it is one and costs less for each file, with both figures', () => {
    const { value, why } = advise(USUAL).barrier;
    expect(value).toBe('syncfs');
    expect(why).toBe(
      'it is one; 40.0 µs a file with one for 1,000 files, against 0.50 ms with fsyncs side by side',
    );
  });

  it('is never syncfs where it is no barrier, however fast it is', () => {
    const barrier = { value: 'fsync', why: 'not on fuse' } as const;
    expect(advise(figuresWith({ barrier })).barrier).toEqual(barrier);
  });

  it('is fsync where syncfs takes longer for each file', () => {
    const flushes = { syncfsGroup: flushOf(510, 1000) };
    expect(advise(figuresWith({ flushes })).barrier).toMatchObject({ value: 'fsync' });
  });

  it('is fsync where a syncfs did not end in time', () => {
    const unfinished = { kind: 'syncfsFile', waitedMs: 8000 } as const;
    const flushes = { syncfsFirst: undefined, syncfsFile: undefined, syncfsGroup: undefined };
    const { barrier } = advise(figuresWith({ flushes: { ...flushes, unfinished } }));
    expect(barrier).toMatchObject({ value: 'fsync', why: expect.stringContaining('8.00 s') });
  });

  it('stays what auto takes where the flushes could not be measured', () => {
    const flushes = { syncfsGroup: undefined };
    expect(advise(figuresWith({ flushes })).barrier).toEqual(USUAL.barrier);
  });
});

describe('the durability', () => {
  const why = (changes: Parameters<typeof figuresWith>[0]) => {
    const { value, why } = advise(figuresWith(changes)).durability;
    expect(value).toBe('group');
    return why;
  };

  it('is group, with what it gains over an fsync of each file', () => {
    expect(why({})).toBe(
      '1,000 new files wait 40.0 ms for one flush; with an fsync after each (--durability file) they wait 2.00 s, 50 times as long',
    );
  });

  it('is told by the group of fsyncs where that is the barrier', () => {
    expect(why({ barrier: { value: 'fsync', why: '' } })).toBe(
      '128 new files wait 64.0 ms for fsyncs side by side; with an fsync after each (--durability file) they wait 256 ms, 4.0 times as long',
    );
  });

  it('makes no claim where a flush costs next to nothing', () => {
    expect(why({ flushes: { fsyncFile: flushOf(0.05) } })).toMatch(/flushes cost little here$/);
  });

  it('makes no claim that was not measured', () => {
    expect(why({ flushes: { fsyncFile: undefined } })).toMatch(/its gain was not measured$/);
  });

  it('says that memory keeps nothing', () => {
    expect(why({ fileSystem: { type: 'tmpfs' } })).toMatch(/memory: a power cut takes all/);
  });
});

describe('the threads', () => {
  const threads = (...byThreads: ReturnType<typeof ratesOf>[]) =>
    advise(figuresWith({ rates: { ...USUAL.rates, byThreads } })).threads;

  it('are as many as make it faster', () => {
    expect(threads(ratesOf(1, 20_000, 2000), ratesOf(2, 40_000, 4000))).toEqual({
      value: 2,
      why: 'files of 20 kB hashed and created a second: 1 thread 16,667, 2 threads 33,333',
    });
  });

  it('are fewer where the disk takes no more files for it', () => {
    const { value, why } = threads(
      ratesOf(1, 5000, 2000),
      ratesOf(2, 9000, 4000),
      ratesOf(4, 9100, 4000),
    );
    expect(value).toBe(2);
    expect(why).toMatch(/; more threads gain nothing here$/);
  });

  it('are fewer where more make it slower', () => {
    expect(threads(ratesOf(1, 9000, 2000), ratesOf(2, 6000, 2100)).value).toBe(1);
  });

  it('count hashing as well: a disk that takes no more files may still pay for it', () => {
    expect(threads(ratesOf(1, 50_000, 500), ratesOf(2, 50_000, 1000)).value).toBe(2);
  });
});

describe('the layout', () => {
  const layout = (changes: Parameters<typeof figuresWith>[0]) =>
    advise(figuresWith(changes)).layout;

  it.each([
    ['flat on ext4, with the limit told, when nothing is expected', {}, 'flat', /up to 4,000,000/],
    ['flat for fewer objects than the limit', { expectedObjects: 4_000_000 }, 'flat', /4,000,000/],
    ['sharded for more', { expectedObjects: 6_000_000 }, 'sharded', /6,000,000 objects/],
    [
      'sharded much earlier with small blocks',
      { expectedObjects: 90_000, blockBytes: 1024 },
      'sharded',
      /63,000/,
    ],
    [
      'flat where the disk cannot hold more files than the directory',
      { fileSystem: { inodesFree: 600_000 } },
      'flat',
      /600,000 more files only/,
    ],
    [
      'flat on XFS for any number',
      { expectedObjects: 50_000_000, fileSystem: { type: 'xfs' } },
      'flat',
      /any number/,
    ],
    [
      'sharded for many objects on a file system that may be ext4 below',
      { expectedObjects: 6_000_000, fileSystem: { type: 'fuse' } },
      'sharded',
      /fuse/,
    ],
  ] as const)('is %s', (_, changes, value, why) => {
    expect(layout(changes)).toEqual({ value, why: expect.stringMatching(why) });
  });

  it('of a sharded store stays', () => {
    const existing = { layout: 'sharded', objects: 10, countedAll: true } as const;
    expect(layout({ kind: 'store', existing }).value).toBe('sharded');
  });

  it('of a flat store that holds or expects too many is changed by a relayout', () => {
    const flat = { layout: 'flat', countedAll: false } as const;
    const full = layout({ kind: 'store', existing: { ...flat, objects: 5_100_000 } });
    expect(full).toEqual({ value: 'sharded', why: expect.stringMatching(/relayout --to sharded/) });
    const small = { kind: 'store', existing: { ...flat, objects: 9 } } as const;
    expect(layout({ ...small, expectedObjects: 9e6 }).value).toBe('sharded');
    expect(layout(small).value).toBe('flat');
  });
});

describe('a warning', () => {
  const warnings = (changes: Parameters<typeof figuresWith>[0]) =>
    advise(figuresWith(changes)).warnings;

  it('is not given on a usual disk', () => {
    expect(warnings({})).toEqual([]);
  });

  it.each([
    ['a directory of something else', { kind: 'other directory' }, /ingest refuses it/],
    [
      'a flush that did not end',
      { flushes: { unfinished: { kind: 'syncfsGroup', waitedMs: 9000 } } },
      /^a syncfs did not end in 9.00 s; it cannot be cut/,
    ],
    ['few inodes', { fileSystem: { inodesFree: 99_000 } }, /only 99,000 inodes/],
    ['fewer inodes than objects', { expectedObjects: 12_000_000 }, /only 11,000,000 inodes/],
    ['little space', { fileSystem: { bytesFree: 9e8 } }, /only 900 MB are free/],
    ['a flush that is none', { flushes: { fsyncFile: flushOf(0.05) } }, /50.0 µs: too fast/],
    ["other programs' data", { flushes: { syncfsFirst: flushOf(4000) } }, /first syncfs.* 4.00 s/],
    ['little room for a probe', { probeFiles: 20 }, /room for 20 files/],
    [
      'files made at rates that swing',
      {
        rates: {
          ...USUAL.rates,
          byThreads: [{ ...ratesOf(1, 1, 1), createdFilesPerSecond: spreadOf([1000, 2e3, 3e3]) }],
        },
      },
      /figures swing, .*: create \+ rename with 1 thread 1,000 to 3,000 files\/s; run doctor again/,
    ],
    [
      'bytes hashed at rates that swing',
      {
        rates: {
          ...USUAL.rates,
          byThreads: [
            ratesOf(1, 20_000, 2000),
            { ...ratesOf(2, 35_000, 1), hashedBytesPerSecond: spreadOf([272e6, 1e9, 1439e6]) },
          ],
        },
      },
      /: hash with 2 threads 272 to 1,439 MB\/s; run/,
    ],
    [
      'flushes that swing',
      { flushes: { syncfsGroup: { ms: spreadOf([1, 2, 2, 3, 9, 9, 9]), files: 1000 } } },
      /: a syncfs 2.00 ms to 9.00 ms; run/,
    ],
  ] as const)('is given for %s', (_, changes, text) => {
    expect(warnings(changes)).toEqual([expect.stringMatching(text)]);
  });

  it('of swinging figures is not given for some odd flushes, nor for rates that differ a little', () => {
    const syncfsGroup = { ms: spreadOf([10, 10, 11, 12, 500]), files: 1000 };
    const byThreads = [
      { ...ratesOf(1, 1, 1), createdFilesPerSecond: spreadOf([1000, 1400, 1500]) },
    ];
    const rates = { ...USUAL.rates, byThreads };
    const fsyncGroup = { ms: spreadOf([0.1, 0.1, 0.5, 0.9, 0.9]), files: 128 };
    expect(warnings({ flushes: { syncfsGroup, fsyncGroup }, rates })).toEqual([]);
  });

  it('of too fast a flush is not given in memory, nor one of inodes where they are not counted', () => {
    const flushes = { fsyncFile: flushOf(0.001) };
    expect(warnings({ fileSystem: { type: 'tmpfs' }, flushes })).toEqual([]);
    expect(warnings({ fileSystem: { type: 'btrfs', inodes: 0, inodesFree: 0 } })).toEqual([]);
  });
});
