import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { join } from 'node:path';
import { IngestError, ingest } from 'ingot';
import { expect, it, onTestFinished, vi } from 'vitest';
import { errnoOf } from '../../src/errors.ts';
import { newStore, objects } from '../harness/ingest-tree.ts';
import { makeTree, temporaryDirectory } from '../harness/tree.ts';

const files = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`f${n}`, `content ${n}`]));

it.each(['onProgress', 'onEntry', 'onNotice'] as const)(
  'what %s throws ends the ingest, which rejects with it and leaves nothing behind',
  async (name) => {
    const store = newStore();
    const source = makeTree(files(100));
    // A notice, for one that is told of: the store lies inside the source.
    const inside = name === 'onNotice' ? `${source}/store` : store;
    let calls = 0;
    const defect = new TypeError('a defect of the caller');
    const options = {
      threads: 2,
      report: 'all' as const,
      [name]: () => {
        calls++;
        throw defect;
      },
    };
    await expect(ingest(inside, [source], options)).rejects.toBe(defect);
    expect(calls).toBe(1);
    expect(fs.readdirSync(inside).filter((entry) => entry.startsWith('.tmp-'))).toEqual([]);
    // What was stored is whole, and the next ingest completes it.
    const { outcomes } = await ingest(inside, [source], { threads: 2 });
    expect(outcomes.new + outcomes.duplicate).toBe(100);
    expect(objects(inside).length).toBe(100);
  },
);

/** Resolves when somebody has tried to write to a fifo that has no reader. */
function untilTriedInVain(fifo: string): Promise<void> {
  const { openSync } = fs;
  return new Promise((resolve) => {
    const spy = vi.spyOn(fs, 'openSync').mockImplementation((path, ...more) => {
      try {
        return openSync(path, ...more);
      } catch (error) {
        if (String(path) === fifo && errnoOf(error) === 'ENXIO') resolve();
        throw error;
      }
    });
    onTestFinished(() => spy.mockRestore());
  });
}

it('an abort ends the waiting for the reader of a manifest, and all is reported', async () => {
  const store = newStore();
  const fifo = join(temporaryDirectory(), 'fifo');
  execFileSync('mkfifo', [fifo]);
  const abort = new AbortController();
  const tried = untilTriedInVain(fifo);
  const ended = ingest(store, [makeTree(files(10))], {
    threads: 1,
    manifest: fifo,
    signal: abort.signal,
  }).catch((reason: unknown) => reason);
  await tried;
  abort.abort();
  const error = await ended;
  expect(error).toBeInstanceOf(IngestError);
  expect(error).toMatchObject({ interrupted: true, report: { outcomes: { new: 10 } } });
});
