import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, type TestContext } from 'vitest';
import { demand } from '../harness/mounts.ts';
import { type Ended, ingot, tempsIn } from '../harness/run.ts';
import {
  expectFailure,
  expectNextRunCompletes,
  expectWhole,
  outcomesOf,
} from '../harness/store-checks.ts';
import { makeTree, type TreeLiteral, temporaryDirectory } from '../harness/tree.ts';

const FAULTY = fileURLToPath(new URL('../fixtures/faulty-workers.mjs', import.meta.url));
const SMALL = 400;

function smallFiles(): TreeLiteral {
  const names = Array.from({ length: SMALL }, (_, n) => [`d${n % 5}/f${n}`, `content ${n}`]);
  return Object.fromEntries(names);
}

const run = (fault: string, source: string, store: string, ...options: string[]): Ended =>
  ingot(['ingest', source, '--store', store, '--json', '--no-progress', ...options], {
    // A heap that is full soon, and large enough for an ingest.
    env: { NODE_OPTIONS: `--import ${FAULTY} --max-old-space-size=64`, FAULT: fault },
    timeout: 50_000,
  });

/** What the run counts as stored is there, whole; it left no temp; and the next run does the rest. */
async function expectConsistent(
  ended: Ended,
  source: string,
  store: string,
  entries: number,
): Promise<void> {
  const { new: stored = 0, unfinished = 0, ...others } = outcomesOf(ended);
  expect(others).toEqual({});
  expect(unfinished).toBeGreaterThan(0);
  expect(stored + unfinished).toBe(entries);
  expect(tempsIn(store)).toEqual([]);
  expect(expectWhole(store).length).toBeGreaterThanOrEqual(stored);
  expect((await expectNextRunCompletes(source, store)).length).toBe(entries);
}

/** Later versions abort the process, or hang, over a thread that fills its heap. */
function demandHeapLimit(context: TestContext, fault: string): void {
  const isKept = Number(process.versions.node.split('.')[0]) < 24;
  demand(context, fault !== 'memory' || isKept, 'this Node does not end a thread for its memory');
}

describe('a worker', () => {
  it.for([
    ['exits', 'exit', /a worker thread died: .*exit.* 7/i],
    [
      'throws what is no error of a file',
      'throw',
      /internal error: a defect of somebody.*report it/,
    ],
    ['runs out of memory', 'memory', /a worker thread died: .*memory limit.*heap out of memory/],
    ['leaves a rejection unwatched', 'reject', /a worker thread died: a promise that nobody/],
  ] as const)(
    'that %s among small files ends the run with one line',
    async ([_, fault, line], context) => {
      demandHeapLimit(context, fault);
      const source = makeTree({ ...smallFiles(), 'd2/kill-me': 'x' });
      const store = join(temporaryDirectory(), 's');
      const ended = run(fault, source, store, '--threads', '2');
      expectFailure(ended, line);
      await expectConsistent(ended, source, store, SMALL + 1);
    },
  );

  it.for(['exit', 'throw', 'memory'])(
    'that ends (%s) over a large file ends the run',
    async (fault, context) => {
      demandHeapLimit(context, fault);
      const large = ['a', 'kill-me', 'z'].map((name) => [name, randomBytes(6 << 20)]);
      const source = makeTree({ ...Object.fromEntries(large), small: 'small' });
      const store = join(temporaryDirectory(), 's');
      const ended = run(fault, source, store, '--threads', '2');
      expectFailure(ended, /a worker thread died|internal error/);
      await expectConsistent(ended, source, store, 4);
    },
  );

  it.each([
    ['1', 'start', /a worker thread died: this thread does not start/],
    ['2', 'start', /a worker thread died: this thread does not start/],
    ['8', 'start', /a worker thread died: this thread does not start/],
    ['2', 'start-exit', /a worker thread died: /],
  ])('that cannot start ends the run, with %s of them (%s)', (threads, fault, line) => {
    const source = makeTree({ ...smallFiles(), large: randomBytes(6 << 20) });
    const store = join(temporaryDirectory(), 's');
    const ended = run(fault, source, store, '--threads', threads);
    expectFailure(ended, line);
    // The walk ends as soon as nobody is left to work on what it finds.
    expect(Object.keys(outcomesOf(ended))).toEqual(['unfinished']);
    expect(tempsIn(store)).toEqual([]);
  });

  it('that cannot start does not matter when there is nothing to do', () => {
    const store = join(temporaryDirectory(), 's');
    const ended = run('start', makeTree({ empty: { directory: true } }), store);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
  });

  // Node aborts the process when a thread is ended while it loads its modules.
  it('that takes the place of one that did not start is not ended before it has', () => {
    const store = join(temporaryDirectory(), 's');
    const empty = makeTree({ empty: { directory: true } });
    const ended = run('start-once', empty, store, '--threads', '1');
    expect(ended).toMatchObject({ code: 0, stderr: 'the second thread has started\n' });
  });
});
