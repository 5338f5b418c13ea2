import { describe, expect, it } from 'vitest';
import { bindingFloor, FLOORS_OF, FLOORS_OF_HITS } from '../../bench/floors/times.ts';
import { threadCounts } from '../../bench/questions/threads.ts';
import { roomFor } from '../../bench/room.ts';
import { tellNoise } from '../../bench/run.ts';
import { bendOf } from '../../bench/scale-curve.ts';
import { callsAFile, parseCounts } from '../../bench/syscall-counts.ts';

const timed = (label: string, seconds: number) => ({
  label,
  seconds,
  spread: { min: seconds, median: seconds, max: seconds, runs: 1 },
});

const spread = (min: number, max: number) => ({ min, median: (min + max) / 2, max, runs: 2 });

describe('the floor that binds', () => {
  const times = {
    walk: timed('walk', 1),
    hash: timed('read + hash', 3),
    write: timed('write + rename', 4),
    barrier: timed('one barrier', 5),
    fsync: timed('fsync of each file', 9),
  };

  it('is the slowest of those that the ingest cannot do without', () => {
    const bound = (names: (typeof FLOORS_OF)['group']) => bindingFloor(times, names)?.label;
    expect(bound(FLOORS_OF.group)).toBe('one barrier');
    expect(bound(FLOORS_OF.file)).toBe('fsync of each file');
    expect(bound(FLOORS_OF.none)).toBe('write + rename');
    expect(bound(FLOORS_OF_HITS)).toBe('read + hash');
  });

  it('is unknown when none was measured', () => {
    expect(bindingFloor({}, FLOORS_OF.group)).toBeUndefined();
  });
});

describe('a curve', () => {
  it('bends where a file costs a quarter more than at the cheapest smaller size', () => {
    const curve = [
      { files: 10, cost: 100 },
      { files: 1000, cost: 49 },
      { files: 100, cost: 40 },
      { files: 10_000, cost: 50 },
      { files: 100_000, cost: 90 },
    ];
    expect(bendOf(curve)).toEqual({ files: 10_000, growth: 1.25 });
    expect(bendOf(curve.slice(0, 3))).toBeUndefined();
  });
});

describe('system calls', () => {
  const table = (calls: number) =>
    [
      '% time     seconds  usecs/call     calls    errors syscall',
      '------ ----------- ----------- --------- --------- ----------------',
      ` 60.10    0.120000          12 ${calls}        17 openat`,
      ` 30.00    0.060000           6     ${2 * calls}           close`,
      '  9.90    0.010000          10       500           mmap',
      '------ ----------- ----------- --------- --------- ----------------',
      '100.00    0.190000          10     13500        17 total',
    ].join('\n');

  it('are read from the table of strace, with and without errors', () => {
    expect(Object.fromEntries(parseCounts(table(1000)))).toEqual({
      openat: 1000,
      close: 2000,
      mmap: 500,
    });
  });

  it('of a file are what a run with more files had more of', () => {
    const few = { files: 100, calls: parseCounts(table(1000)) };
    const many = { files: 600, calls: parseCounts(table(2000)) };
    expect(callsAFile(few, many)).toEqual({ callsAFile: 6, close: 4, openat: 2 });
    expect(() => callsAFile(many, many)).toThrow(RangeError);
  });
});

it('threads are tried in doubles up to twice the processors, and as many as there are', () => {
  expect(threadCounts(1)).toEqual([1, 2]);
  expect(threadCounts(2)).toEqual([1, 2, 4]);
  expect(threadCounts(6)).toEqual([1, 2, 4, 6, 8]);
});

it('a tree takes the last block of each file, too, and a file system something for itself', () => {
  const rooms = [0, 1000].map((files) => roomFor({ name: 'x', files, bytes: 1e6 }));
  expect(rooms[0]).toBeGreaterThan(50e6);
  expect((rooms[1]! - rooms[0]!) / 1000).toBeGreaterThan(4096);
});

it('noise is told of, with the rows that it is in', () => {
  const rows = [timed('calm', 1), { ...timed('busy', 1), spread: spread(0.8, 1.2) }].map(
    ({ label, spread: seconds }) => ({ label, parameters: {}, seconds }),
  );
  const notes: string[] = [];
  const tell = (from: typeof rows) =>
    tellNoise({ question: 'q', asks: '', finding: '', method: '', rows: from }, (text) =>
      notes.push(text),
    );
  tell(rows.slice(0, 1));
  expect(notes).toEqual([]);
  tell(rows);
  expect(notes).toEqual([expect.stringMatching(/^q: .*noisy.*: busy$/)]);
});
