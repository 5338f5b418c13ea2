import { describe, expect, it } from 'vitest';
import { Tally } from '../../../src/ingest/main/tally.ts';
import { LARGE, NO_BLOCKS, type TaskDone, UNREAD } from '../../../src/ingest/messages.ts';
import { CODE, type EntryReport, type Outcome } from '../../../src/ingest/outcome.ts';
import { noCost } from '../../../src/ingest/task-cost.ts';

type Part = readonly [outcome: Outcome | 'unread' | 'large', size?: number, owner?: number];

const CODES = { ...CODE, unread: UNREAD, large: LARGE };
const DIGEST = 'ab'.repeat(32);

function reply(...parts: Part[]): TaskDone {
  return {
    status: 'done',
    outcomes: Uint8Array.from(parts, ([outcome]) => CODES[outcome]),
    sizes: Float64Array.from(parts, ([, size = 0]) => size),
    owners: Int32Array.from(parts, ([, , owner = 0]) => owner),
    digests: DIGEST.repeat(parts.length),
    blocks: NO_BLOCKS,
    ...{ isCutOff: false, listed: [], pending: [], linked: new Map() },
    problems: parts.flatMap(([outcome], index) =>
      outcome === 'unreadable' ? [{ index, failure: { what: 'x', code: 'EACCES' } }] : [],
    ),
    cost: noCost(),
  };
}

const entriesOf = (paths: readonly string[]) => ({
  count: paths.length,
  pathOf: (index: number) => paths[index]!,
  list: () => {},
});

function newTally(report: 'all' | 'problems' = 'all') {
  const entries: EntryReport[] = [];
  const stored: string[] = [];
  const tally = new Tally({
    report,
    onEntry: (entry) => entries.push(entry),
    onStored: (_, path) => stored.push(path),
  });
  return { tally, entries, stored };
}

const counts = (tally: Tally) =>
  Object.fromEntries(Object.entries(tally.outcomes).filter(([, count]) => count > 0));

describe('the tally', () => {
  it('counts each entry of a committed task once, and not those that were given back', () => {
    const { tally, entries } = newTally();
    tally.taskStarted(1);
    tally.taskDone(
      1,
      entriesOf(['a', 'b', 'c', 'd', 'e']),
      reply(['new', 5], ['duplicate', 7], ['unreadable'], ['unread'], ['large', 1e9]),
    );
    expect(counts(tally)).toEqual({ new: 1, duplicate: 1, unreadable: 1 });
    expect([tally.bytesStored, tally.bytesSaved]).toEqual([5, 7]);
    expect(entries.map(({ path, outcome }) => [path, outcome])).toEqual([
      ['a', 'new'],
      ['b', 'duplicate'],
      ['c', 'unreadable'],
    ]);
  });

  it('counts a duplicate of a running task only when that task has committed', () => {
    const { tally, stored } = newTally();
    tally.taskStarted(1);
    tally.taskStarted(2);
    tally.taskDone(2, entriesOf(['copy']), reply(['duplicate', 5, 1]));
    expect(counts(tally)).toEqual({});
    expect(stored).toEqual([]);
    tally.taskDone(1, entriesOf(['first']), reply(['new', 5]));
    expect(counts(tally)).toEqual({ new: 1, duplicate: 1 });
    expect(stored.sort()).toEqual(['copy', 'first']);
  });

  it('never counts a duplicate of a failed task as stored, whichever ends first', () => {
    for (const order of [
      [1, 2],
      [2, 1],
    ]) {
      const { tally, stored } = newTally();
      tally.taskStarted(1);
      tally.taskStarted(2);
      for (const id of order) {
        if (id === 1) tally.taskFailed(1, entriesOf(['first']));
        else tally.taskDone(2, entriesOf(['copy', 'own']), reply(['duplicate', 5, 1], ['new', 3]));
      }
      expect(counts(tally)).toEqual({ new: 1, unfinished: 2 });
      expect(stored).toEqual(['own']);
      expect(tally.bytesSaved).toBe(0);
      // What a failed run has given up was not done.
      expect(tally.entriesDone).toBe(1);
      tally.takeBack();
      expect(tally.entriesDone).toBe(1);
    }
  });

  it('settles two tasks that rely on each other', () => {
    const { tally } = newTally();
    tally.taskStarted(1);
    tally.taskStarted(2);
    tally.taskDone(1, entriesOf(['a', 'b']), reply(['new', 1], ['duplicate', 2, 2]));
    tally.taskDone(2, entriesOf(['c', 'd']), reply(['new', 2], ['duplicate', 1, 1]));
    expect(counts(tally)).toEqual({ new: 2, duplicate: 2 });
    tally.assertComplete(4);
  });

  it('names only problems unless every entry was asked for', () => {
    const { tally, entries } = newTally('problems');
    tally.taskStarted(1);
    tally.taskDone(1, entriesOf(['a', 'b']), reply(['new', 1], ['unreadable']));
    expect(entries).toEqual([
      { path: 'b', outcome: 'unreadable', failure: { what: 'x', code: 'EACCES' } },
    ]);
  });

  it('gives each entry to whoever wants each, whatever is reported', () => {
    const each: string[] = [];
    const tally = new Tally({
      report: 'problems',
      onEach: ({ path, outcome, size = '' }) => each.push(`${path} ${outcome} ${size}`),
    });
    tally.add({ path: 'x', outcome: 'excluded' });
    tally.taskStarted(1);
    const parts: Part[] = [['new', 1], ['link'], ['unreadable'], ['unread'], ['large', 1e9]];
    tally.taskDone(1, entriesOf(['a', 'l', 'u', 'r', 'L']), reply(...parts));
    tally.taskStarted(2);
    tally.taskFailed(2, entriesOf(['f']));
    expect(each).toEqual(['x excluded ', 'a new 1', 'l link ', 'u unreadable ', 'f unfinished ']);
  });

  it('takes everything back that a failed last flush may have lost', () => {
    const { tally } = newTally();
    tally.taskStarted(1);
    tally.taskDone(
      1,
      entriesOf(['a', 'b', 'c']),
      reply(['new', 1], ['duplicate', 1], ['unreadable']),
    );
    expect([tally.bytesStored, tally.bytesSaved]).toEqual([1, 1]);
    tally.takeBack();
    expect(counts(tally)).toEqual({ unfinished: 2, unreadable: 1 });
    expect([tally.bytesStored, tally.bytesSaved]).toEqual([0, 0]);
  });

  it('refuses to report when an entry was lost count of', () => {
    const { tally } = newTally();
    tally.add({ path: 'a', outcome: 'vanished' });
    expect(() => tally.assertComplete(2)).toThrow('2 were met, 1 have ended');
    tally.assertComplete(1);
  });
});
