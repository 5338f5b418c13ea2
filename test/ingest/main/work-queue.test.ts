import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { leftOf } from '../../../src/ingest/main/left-files.ts';
import { type Batch, type LargeFile, WorkQueue } from '../../../src/ingest/main/work-queue.ts';
import { LARGE, NO_BLOCKS, type TaskDone, UNREAD } from '../../../src/ingest/messages.ts';
import { CODE } from '../../../src/ingest/outcome.ts';
import {
  entriesOf,
  type PackedFiles,
  Packer,
  pathsOf,
  unpack,
} from '../../../src/ingest/packed-files.ts';
import { noCost } from '../../../src/ingest/task-cost.ts';
import type { FoundFiles } from '../../../src/sources/found-files.ts';

const files = (directory: string, count: number): FoundFiles => ({
  ...{ directory, inTree: directory, areLinks: false },
  names: Array.from({ length: count }, (_, n) => `f${n}`),
});

const BIG = {
  file: { directory: 'd', inTree: 'd', name: 'big' },
  ...{ size: 1e9, identity: undefined },
};

function pack(...found: FoundFiles[]): PackedFiles {
  const packer = new Packer();
  for (const each of found) packer.add(each);
  return packer.take();
}

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
        for (const batch of batches) expect(batch.files.count).toBeLessThanOrEqual(4000);
        expect(batches.flatMap((batch) => pathsOf(batch.files))).toEqual(
          found.flatMap(({ directory, names }) => names.map((name) => `${directory}/${name}`)),
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
    expect(drain(queue).map(({ files }) => [...unpack(files)].length)).toEqual([4, 4, 4, 4, 4]);
  });

  it('keeps a small batch until it is full, unless a worker has nothing to do', () => {
    const queue = new WorkQueue();
    queue.add(files('d', 100));
    expect(queue.next(idle)).toBeUndefined();
    expect(queue.next({ large: true, hungry: true })).toMatchObject({ files: { count: 100 } });
    queue.add(files('d', 10));
    expect(queue.next({ large: true, hungry: true })).toBeUndefined();
    queue.endOfWalk(1);
    expect(queue.next(idle)).toMatchObject({ files: { count: 10 } });
  });

  it('shares out evenly what waits when the walk ends, in batches of at least 64', () => {
    const queue = new WorkQueue();
    queue.add(files('d', 5000));
    queue.endOfWalk(4);
    const counts = () => drain(queue).map(({ files }) => files.count);
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
    expect(drain(queue).map(({ files }) => files.count)).toEqual([3, 3, 1]);
  });

  it('gives large files before batches, but only where they are allowed', () => {
    const queue = new WorkQueue();
    queue.add(files('d', 4000));
    queue.addLarge(BIG);
    expect(queue.next({ large: false, hungry: false })).toMatchObject({ type: 'batch' });
    expect(queue.next(idle)).toEqual({ type: 'large', ...BIG });
  });

  it('gives another name of a large file only when the first has ended', () => {
    const queue = new WorkQueue();
    const [first, again, other] = ['8:1', '8:1', '8:2'].map((identity) => ({ ...BIG, identity }));
    for (const large of [first!, again!, other!]) queue.addLarge(large);
    const taken = queue.next(idle);
    expect(taken).toEqual({ type: 'large', ...first! });
    expect(queue.next(idle)).toEqual({ type: 'large', ...other! });
    expect(queue.next(idle)).toBeUndefined();
    queue.endLarge(taken as LargeFile);
    expect(queue.next(idle)).toEqual({ type: 'large', ...again! });
  });

  it('gives the rest of a batch before later ones', () => {
    const queue = new WorkQueue();
    queue.add(files('later', 4000));
    queue.putBack(pack(files('earlier', 3)));
    expect(queue.next(idle)).toEqual({ type: 'batch', files: pack(files('earlier', 3)) });
  });

  it('hands over every path that waits when it is cleared', () => {
    const queue = new WorkQueue();
    queue.add(files('d', 1500));
    queue.addLarge(BIG);
    expect(queue.clear()).toEqual([...pathsOf(pack(files('d', 1500))), 'd/big']);
    expect(queue.next(idle)).toBeUndefined();
  });
});

describe('packed files', () => {
  it('give back every name that a file system can hold', () => {
    // Escaped names are any characters but a slash and NUL.
    const name = fc.string({ unit: 'binary', minLength: 1 }).filter((text) => !/[/\0]/.test(text));
    const names = fc.array(name, { minLength: 1 });
    const place = fc.oneof(
      fc.record({ directory: name, withoutLinks: name, inTree: name, areLinks: fc.boolean() }),
      fc.record({ directory: name, inTree: name, areLinks: fc.boolean() }),
    );
    const directory = fc.tuple(place, names).map(([at, held]) => ({ ...at, names: held }));
    fc.assert(
      fc.property(fc.array(directory), (found) => {
        const packed = pack(...found);
        expect([...unpack(packed)]).toEqual(found);
        expect(packed.count).toBe(found.flatMap(({ names: held }) => held).length);
      }),
    );
  });

  it('take a byte for each character as long as no name needs more', () => {
    const latin1 = pack({
      directory: 'd',
      inTree: '',
      areLinks: false,
      names: ['plain', 'caf\u00e9'],
    });
    expect(latin1.bytes.length).toBe('d\0\0\0plain/caf\u00e9'.length);
    const wide = {
      directory: 'd',
      inTree: '',
      areLinks: false,
      names: ['\u65e5\u672c', 'lone \udcff'],
    };
    expect([...unpack(pack(wide))]).toEqual([wide]);
  });

  it('come to a worker as plain bytes, wherever these lie in memory', () => {
    const found = [
      { directory: 'd', withoutLinks: '/r/d', inTree: '', areLinks: false, names: ['a', '\u65e5'] },
    ];
    expect([...unpack(structuredClone(pack(...found)))]).toEqual(found);
  });

  it('begin anew once they are taken, and pass over a directory without files', () => {
    const packer = new Packer();
    packer.add(files('d', 2));
    packer.add(files('none', 0));
    expect(packer.pathCharacters).toBe(1);
    expect(pathsOf(packer.take())).toEqual(['d/f0', 'd/f1']);
    expect([packer.count, packer.pathCharacters]).toEqual([0, 0]);
    expect(pathsOf(packer.take())).toEqual([]);
  });

  it('find the path of any file by its number', () => {
    const packed = pack(files('d', 3), files('e', 2));
    const paths = ['d/f0', 'd/f1', 'd/f2', 'e/f0', 'e/f1'];
    expect(pathsOf(packed)).toEqual(paths);
    expect(paths.map((_, index) => entriesOf(packed).pathOf(index))).toEqual(paths);
  });

  it('join names to the root directory with one slash', () => {
    expect(pathsOf(pack({ directory: '/', inTree: '', names: ['a'] }))).toEqual(['/a']);
  });
});

describe('what a batch gives back', () => {
  const replyOf = (
    ...entries: readonly (readonly [outcome: number, size: number])[]
  ): TaskDone => ({
    status: 'done',
    outcomes: Uint8Array.from(entries, ([outcome]) => outcome),
    sizes: Float64Array.from(entries, ([, size]) => size),
    owners: new Int32Array(0),
    digests: '',
    problems: [],
    ...{ isCutOff: false, listed: [], pending: [], linked: new Map() },
    blocks: NO_BLOCKS,
    cost: noCost(),
  });

  it('is large files, whatever their size is said to be, and files that were not begun', () => {
    const batch = pack(
      {
        directory: 'd',
        withoutLinks: '/r/d',
        inTree: '',
        areLinks: false,
        names: ['a', 'big', 'c', 'odd'],
      },
      files('e', 2),
    );
    const { unread, large } = leftOf(
      batch,
      replyOf(
        [CODE.new, 1],
        [LARGE, 1e9],
        [UNREAD, 0],
        [LARGE, 0],
        [CODE.duplicate, 0],
        [UNREAD, 0],
      ),
    );
    expect([...unpack(unread)]).toEqual([
      { directory: 'd', withoutLinks: '/r/d', inTree: '', areLinks: false, names: ['c'] },
      { directory: 'e', inTree: 'e', areLinks: false, names: ['f1'] },
    ]);
    const file = (name: string) => ({ directory: 'd', withoutLinks: '/r/d', inTree: '', name });
    expect(large).toEqual([
      { file: file('big'), size: 1e9 },
      { file: file('odd'), size: 0 },
    ]);
  });

  it('is nothing where every file has come to its end', () => {
    const { unread, large } = leftOf(
      pack(files('d', 2)),
      replyOf([CODE.new, 5], [CODE.changed, 0]),
    );
    expect([unread.count, large]).toEqual([0, []]);
  });
});
