import { describe, expect, it } from 'vitest';
import { Budget, planRounds, threadSteps } from '../../src/doctor/budget.ts';
import { fsyncGroupSize } from '../../src/doctor/flushes.ts';
import { roomOf } from '../../src/doctor/room.ts';
import { spreadOf } from '../../src/doctor/spread.ts';
import { manualClock } from './manual-clock.ts';

describe('a budget', () => {
  it('is spent when its time has passed, and never below nothing', () => {
    const clock = manualClock();
    const budget = new Budget(1000, clock.now);
    clock.pass(999);
    expect(budget).toMatchObject({ leftMs: 1, isSpent: false });
    clock.pass(2);
    expect(budget).toMatchObject({ leftMs: 0, isSpent: true });
  });

  it('has parts that begin when they are asked for and end with the whole at the latest', () => {
    const clock = manualClock();
    const budget = new Budget(1000, clock.now);
    clock.pass(300);
    const part = budget.part(0.5);
    expect(part.leftMs).toBe(500);
    clock.pass(500);
    expect(part.isSpent).toBe(true);
    expect(budget.part(0.5).leftMs).toBe(200);
    clock.pass(500);
    expect(budget.part(0.5).isSpent).toBe(true);
  });

  it('has parts that leave a share of the whole to others', () => {
    const clock = manualClock();
    const budget = new Budget(1000, clock.now);
    expect(budget.part(0.2, 0.4).leftMs).toBe(200);
    clock.pass(500);
    expect(budget.part(0.2, 0.4).leftMs).toBe(100);
    clock.pass(200);
    expect(budget.part(0.2, 0.4).isSpent).toBe(true);
  });
});

describe('rounds', () => {
  it('fit into their time, removal included, as long as a cell is long enough to mean anything', () => {
    for (const cells of [3, 5, 15]) {
      const { rounds, cellMs } = planRounds(5000, cells);
      expect(rounds * cellMs * cells * 2, `${cells} cells`).toBeLessThanOrEqual(5000.001);
    }
    expect(planRounds(100, 15).cellMs).toBe(20);
    expect(planRounds(1e6, 3).cellMs).toBe(200);
  });

  it('try powers of two and the most', () => {
    expect([1, 2, 3, 8, 12].map(threadSteps)).toEqual([
      [1],
      [1, 2],
      [1, 2, 3],
      [1, 2, 4, 8],
      [1, 2, 4, 8, 12],
    ]);
  });
});

it('a group of fsyncs is smaller on a slow disk', () => {
  expect(fsyncGroupSize(0.01, 400)).toBe(128);
  expect(fsyncGroupSize(20, 400)).toBe(80);
  expect(fsyncGroupSize(3000, 400)).toBe(4);
});

describe('the room for probes', () => {
  const disk = { bavail: 1e9, bsize: 4096, files: 1e9, ffree: 1e9 };

  it('is a quarter of the free space or inodes, whichever is less', () => {
    expect(roomOf({ ...disk, bavail: 64_000 }).files).toBe(1000);
    expect(roomOf({ ...disk, ffree: 400 }).files).toBe(100);
    expect(roomOf({ ...disk, bavail: 256_000, bsize: 1024 }).files).toBe(1000);
  });

  it('has an end on a large disk, and leaves one file on a full one', () => {
    expect(roomOf(disk).files).toBe(100_000);
    expect(roomOf({ ...disk, bavail: 0 }).files).toBe(1);
  });

  it('is not bounded by inodes where they are not counted', () => {
    expect(roomOf({ ...disk, files: 0, ffree: 0 }).files).toBe(100_000);
  });
});

it('a spread has the median, the quartiles and the range', () => {
  const quartiles = { lowerQuartile: 2, upperQuartile: 4 };
  expect(spreadOf([5, 1, 3, 2, 4])).toEqual({
    median: 3,
    min: 1,
    ...quartiles,
    max: 5,
    samples: 5,
  });
  expect(spreadOf([1, 2, 4, 100]).median).toBe(3);
  expect(spreadOf([7])).toMatchObject({ lowerQuartile: 7, median: 7, upperQuartile: 7 });
});
