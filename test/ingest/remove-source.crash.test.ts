/** Removals of sources that are cut off: each content is in the source, or can be restored. */

import { once } from 'node:events';
import fs from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOf } from '../../src/digest.ts';
import { start } from '../harness/run.ts';
import { expectWhole, expectWholeSnapshots } from '../harness/store-checks.ts';
import { directoryInMemory } from '../harness/tree.ts';
import { untilCertain } from '../harness/until-certain.ts';
import { LATER, runIngest } from './again.ts';
import { contentsOf, ingested } from './main/removal/removing.ts';

const ASIDE = /(^|\/)\.ingot-removed-[0-9a-f]{16}$/;

function expectInStore(contents: Iterable<string>, store: string): void {
  const missing = [...contents]
    .filter((content) => !content.startsWith('-> '))
    .filter((content) => !fs.existsSync(join(store, digestOf(Buffer.from(content)))));
  expect(missing).toEqual([]);
}

/** What was there and is there no more. */
function goneOf(before: Readonly<Record<string, string>>, source: string): string[] {
  const now = new Set(Object.values(contentsOf(source)));
  return [...new Set(Object.values(before))].filter((content) => !now.has(content));
}

describe('a removal that is cut off', () => {
  /** Calls that a removal of the source makes, and some more. */
  const CALLS = 45;
  const all = fs.mkdtempSync(join(fs.existsSync('/dev/shm') ? '/dev/shm' : '/tmp', 'ingot-test-'));
  afterAll(() => fs.rmSync(all, { recursive: true, force: true }));
  const places = Array.from({ length: CALLS }, (_, n) => join(all, `${n}`));
  beforeAll(async () => {
    for (const place of places) makeSource(join(place, 'source'));
    await untilCertain();
  });

  function makeSource(source: string): void {
    fs.mkdirSync(join(source, 'a/b'), { recursive: true });
    for (const path of ['f0', 'a/f1', 'a/b/f3', 'z']) fs.writeFileSync(join(source, path), path);
    fs.linkSync(join(source, 'f0'), join(source, 'a/same'));
    fs.linkSync(join(source, 'f0'), join(source, 'a/b/same'));
    fs.symlinkSync('f0', join(source, 'a/link'));
  }

  it('before any of its calls leaves each content in the source or in the store', async () => {
    let [asides, partial, whole] = [0, 0, 0];
    for (const [at, place] of places.entries()) {
      const [source, store] = [join(place, 'source'), join(place, 'store')];
      const remove = await ingested(store, source);
      const before = contentsOf(source);
      let calls = 0;
      const isWhole = await remove(() => {
        if (calls++ === at) throw new Error('cut off');
      }).then(
        () => true,
        (error) => error.message !== 'cut off',
      );
      const gone = goneOf(before, source);
      expectInStore(gone, store);
      if (Object.keys(contentsOf(source)).some((path) => ASIDE.test(path))) asides++;
      if (isWhole) whole++;
      else if (gone.length > 0) partial++;
    }
    expect(asides).toBeGreaterThan(5);
    expect(partial).toBeGreaterThan(5);
    // The last ones are past the end.
    expect(whole).toBeGreaterThan(0);
  });
});

describe('an ingest that removes its source and is killed', () => {
  const DIRECTORIES = 40;

  function bigSource(): Readonly<{ source: string; store: string }> {
    const folder = directoryInMemory();
    const source = join(folder, 'source');
    for (let n = 0; n < DIRECTORIES; n++) {
      const directory = join(source, `d${String(n).padStart(2, '0')}`);
      fs.mkdirSync(directory, { recursive: true });
      for (let m = 0; m < 100; m++) fs.writeFileSync(join(directory, `f${m}`), `${n} ${m}`);
      fs.linkSync(join(directory, 'f0'), join(directory, 'same'));
    }
    return { source, store: join(folder, 'store') };
  }

  /** Kills it when the directory of this number has gone; without one, after so many milliseconds. */
  async function killed(source: string, store: string, when: number, signal: NodeJS.Signals) {
    const args = ['ingest', source, '--store', store, '-q', '--remove-source', '--yes'];
    const child = start(args, undefined, { NODE_OPTIONS: `--import ${LATER}` });
    const ended = once(child, 'exit');
    if (when >= DIRECTORIES) await Promise.race([sleep(when), ended]);
    else {
      // Of hard links one name is left in each.
      const last = join(source, `d${String(when).padStart(2, '0')}`, 'f99');
      while (fs.existsSync(last) && child.exitCode === null) await sleep(1);
    }
    child.kill(signal);
    return (await ended)[0] as number | null;
  }

  it.each([0, 5, 10, 15, 20, 25, 30, 35, 150, 300, 400, 500, 600])(
    'at moment %s has lost nothing, and the next one finishes it',
    async (when) => {
      const { source, store } = bigSource();
      const before = contentsOf(source);
      await killed(source, store, when, 'SIGKILL');
      const gone = goneOf(before, source);
      if (gone.length > 0) {
        expectInStore(gone, store);
        expectWhole(
          store,
          fs.readdirSync(store).filter((name) => name.startsWith('.tmp-')),
        );
        expect(expectWholeSnapshots(store).length).toBe(1);
      }
      const next = runIngest(store, [source], ['--remove-source', '--yes'], { names: false });
      expect(next).toMatchObject({ code: 0 });
      expect(fs.readdirSync(source)).toEqual([]);
      expectInStore(Object.values(before), store);
    },
  );

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('by %s ends between two files', async (signal, code) => {
    const { source, store } = bigSource();
    const before = contentsOf(source);
    const ended = await killed(source, store, 3, signal);
    const left = contentsOf(source);
    // It may have been over by then.
    expect([code, 0]).toContain(ended);
    expect(Object.keys(left).filter((path) => ASIDE.test(path))).toEqual([]);
    if (ended === code) expect(Object.keys(left).length).toBeGreaterThan(0);
    expectInStore(goneOf(before, source), store);
  });
});
