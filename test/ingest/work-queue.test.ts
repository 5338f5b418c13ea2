import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  countOf,
  entriesOf,
  fileAt,
  pack,
  pathsOf,
  unpack,
} from '../../src/ingest/packed-files.ts';
import type { FoundFiles } from '../../src/ingest/walk/entries.ts';
import { type Batch, WorkQueue } from '../../src/ingest/work-queue.ts';

const files = (directory: string, count: number): FoundFiles => ({
  directory,
  names: Array.from({ length: count }, (_, n) => `f${n}`),
});

const BIG = pack({ directory: 'd', names: ['big'] });

const idle = { large: true, hungry: false };

function drain(queue: WorkQueue): Batch[] {
  const batches: Batch[] = [];
  for (let work = queue.next(idle); work !== undefined; work = queue.next(idle))
    if (work.type === 'batch') batches.push(work);
  return batches;
}

describe('the work queue', () => {
  it('loses no path and repeats none, in batches of at most 4,000, in the order of the walk', () => {
    const directories = fc.array(fc.nat({ max: 5000 }), { maxLength: 12 });
    fc.assert(
      fc.property(directories, fc.integer({ min: 1, max: 20 }), (counts, shares) => {
        const queue = new WorkQueue();
        const found = counts.map((count, n) => files(`d${n}`, count));
        for (const each of found) queue.add(each);
        queue.endOfWalk(shares);
        const batches = drain(queue);
        for (const { found: part } of batches) expect(countOf(part)).toBeLessThanOrEqual(4000);
        expect(batches.flatMap(({ found: part }) => pathsOf(part))).toEqual(
          pathsOf(found.filter(({ names }) => names.length > 0).map(pack)),
        );
        expect(queue.clear()).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });

  it('closes a batch before the paths of its directories become large', () => {
    const queue = new WorkQueue();
    for (let n = 0; n < 20; n++) queue.add(files('d'.repeat(1 << 20), 10));
    queue.endOfWalk(1);
    expect(drain(queue).map(({ found }) => found.length)).toEqual([4, 4, 4, 4, 4]);
  });

  it('keeps a small batch until it is full, unless a worker has nothing to do', () => {
    const queue = new WorkQueue();
    queue.add(files('d', 100));
    expect(queue.next(idle)).toBeUndefined();
    expect(queue.next({ large: true, hungry: true })).toMatchObject({ found: [{ count: 100 }] });
    queue.add(files('d', 10));
    expect(queue.next({ large: true, hungry: true })).toBeUndefined();
    queue.endOfWalk(1);
    expect(queue.next(idle)).toMatchObject({ found: [{ count: 10 }] });
  });

  it('shares out evenly what waits when the walk ends, in batches of at least 64', () => {
    const queue = new WorkQueue();
    queue.add(files('d', 5000));
    queue.endOfWalk(4);
    const counts = () => drain(queue).map(({ found }) => countOf(found));
    expect(counts()).toEqual([1250, 1250, 1250, 1250]);
    queue.add(files('d', 100));
    queue.endOfWalk(4);
    expect(counts()).toEqual([64, 36]);
  });

  it('is full when four batches wait, and no longer when one was taken', () => {
    const queue = new WorkQueue();
    queue.add(files('d', 15_999));
    expect(queue.isFull).toBe(false);
    queue.add(files('e', 1));
    expect(queue.isFull).toBe(true);
    queue.next(idle);
    expect(queue.isFull).toBe(false);
  });

  it('makes batches of another size when it is told to', () => {
    const queue = new WorkQueue(3);
    queue.add(files('d', 7));
    queue.endOfWalk(1);
    expect(drain(queue).map(({ found }) => countOf(found))).toEqual([3, 3, 1]);
  });

  it('gives large files before batches, but only where they are allowed', () => {
    const queue = new WorkQueue();
    queue.add(files('d', 4000));
    queue.addLarge(BIG, 1e9);
    expect(queue.next({ large: false, hungry: false })).toMatchObject({ type: 'batch' });
    expect(queue.next(idle)).toEqual({ type: 'large', file: BIG, size: 1e9 });
  });

  it('gives the rest of a batch before later ones', () => {
    const queue = new WorkQueue();
    queue.add(files('later', 4000));
    queue.putBack([pack(files('earlier', 3))]);
    expect(queue.next(idle)).toMatchObject({ found: [pack(files('earlier', 3))] });
  });

  it('hands over every path that waits when it is cleared', () => {
    const queue = new WorkQueue();
    queue.add(files('d', 1500));
    queue.addLarge(BIG, 1e9);
    expect(queue.clear()).toEqual([...pathsOf([pack(files('d', 1500))]), 'd/big']);
    expect(queue.next(idle)).toBeUndefined();
  });
});

describe('packed files', () => {
  it('give back every name that a file system can hold', () => {
    // Escaped names are any characters but a slash.
    const name = fc.string({ unit: 'binary', minLength: 1 }).filter((text) => !text.includes('/'));
    fc.assert(
      fc.property(fc.array(name, { minLength: 1 }), (names) => {
        const found = { directory: 'd', withoutLinks: '/r/d', names };
        expect(unpack(pack(found))).toEqual(found);
        expect(countOf([pack(found)])).toBe(names.length);
      }),
    );
  });

  it('find the path of any file by its number', () => {
    const found = [pack(files('d', 3)), pack(files('e', 2))];
    const paths = pathsOf(found);
    expect(paths).toEqual(['d/f0', 'd/f1', 'd/f2', 'e/f0', 'e/f1']);
    expect(paths.map((_, index) => entriesOf(found).pathOf(index))).toEqual(paths);
    expect(() => fileAt(found, 5)).toThrow(RangeError);
  });

  it('join names to the root directory with one slash', () => {
    expect(pathsOf([pack({ directory: '/', names: ['a'] })])).toEqual(['/a']);
  });
});
