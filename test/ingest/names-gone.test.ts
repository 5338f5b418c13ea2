/** Names of objects and segments that go while an ingest runs, before it publishes its snapshot. */
import fs from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { digestOf } from '../../dist/src/digest.js';
import { nodeFileOps } from '../../dist/src/files/file-ops.js';
import { ingestInto } from '../../dist/src/ingest/ingest.js';
import { LocalEngine } from '../../dist/src/store/local/engine.js';
import { removeUnderLock } from '../../dist/src/store/local/upkeep/remove-under-lock.js';
import type { MainHalf, Space, WriteOptions } from '../../dist/src/store/seam/write.js';
import { expectWhole, expectWholeSnapshots } from '../harness/store-checks.ts';
import { makeTree, temporaryDirectory } from '../harness/tree.ts';
import { entriesIn, plain, seen } from './snapshots.ts';

const ops = nodeFileOps;
let source: string;
let store: string;
beforeEach(() => {
  const root = temporaryDirectory();
  source = makeTree({ 'a/one': 'one', 'a/copy': 'one', two: 'two' }, join(root, 'source'));
  store = join(root, 'store');
});

const ONE = digestOf(Buffer.from('one'));
const generation = () => fs.readFileSync(join(store, '.ingot/generation'), 'utf8').trim();

/** An engine whose writer lets somebody else come first, each time when it is about to hold names. */
class Overtaken extends LocalEngine {
  readonly #meddle: (time: number) => void | Promise<void>;

  constructor(root: string, meddle: (time: number) => void | Promise<void>) {
    super(root);
    this.#meddle = meddle;
  }

  override async openWriter(options: WriteOptions): Promise<MainHalf> {
    const half = await super.openWriter(options);
    const hold = half.hold.bind(half);
    let time = 0;
    half.hold = async (signal) => {
      await this.#meddle(++time);
      return hold(signal);
    };
    return half;
  }
}

const remove = (...paths: string[]) =>
  removeUnderLock(
    store,
    () => {
      for (const path of paths) fs.rmSync(join(store, path));
    },
    { ops },
  );

function segments(): string[] {
  return fs.readdirSync(join(store, '.ingot/segments')).map((name) => `.ingot/segments/${name}`);
}

/** The snapshot that is made is whole, and has all of the source. */
async function expectRecorded(engine: LocalEngine, options = {}): Promise<void> {
  const report = await ingestInto(engine, [source], { threads: 1, ...options });
  const id = report.snapshot!.id!;
  expect(expectWholeSnapshots(store)).toContain(id);
  expect(expectWhole(store).length).toBe(2);
  expect(plain(await entriesIn(store, id))).toEqual(seen(source));
}

describe('a run beside which names go all the time', () => {
  it.each([
    ['records its snapshot in the end', {}],
    ['is content when all are there', { snapshot: false }],
  ])('%s', async (_, options) => {
    await expectRecorded(new LocalEngine(store));
    let times = 0;
    const engine = new Overtaken(store, (time) => {
      times = time;
      return remove(time % 2 === 0 ? ONE : digestOf(Buffer.from('two')));
    });
    if ('snapshot' in options) {
      const all = new Overtaken(store, (time) => {
        times = time;
        return remove();
      });
      await ingestInto(all, [source], { threads: 1, ...options });
    } else await expectRecorded(engine);
    expect(times).toBeLessThan(9);
  });
});

describe('a run that records no snapshot', () => {
  const options = { threads: 1, snapshot: false };

  it('fails where an object that it has met has gone', async () => {
    await expectRecorded(new LocalEngine(store));
    const engine = new Overtaken(store, (time) => (time > 1 ? undefined : remove(ONE)));
    const run = ingestInto(engine, [source], options);
    await expect(run).rejects.toMatchObject({
      code: 'INGOT_OBJECT_GONE',
      why: expect.stringMatching(/^1 of them/),
    });
    expect(fs.readdirSync(store).filter((name) => name.startsWith('.tmp-'))).toEqual([]);
  });

  it('looks as often as names go, and is content where all are there', async () => {
    await expectRecorded(new LocalEngine(store));
    let times = 0;
    const engine = new Overtaken(store, async (time) => {
      times = time;
      if (time < 4) await remove();
    });
    await ingestInto(engine, [source], options);
    expect(times).toBe(4);
  });
});

describe('a run whose names have gone meanwhile', () => {
  it('stores an object again, and names the new generation', async () => {
    let before = '';
    const engine = new Overtaken(store, async (time) => {
      if (time > 1) return;
      before = generation();
      await remove(ONE);
    });
    await expectRecorded(engine);
    expect(generation()).not.toBe(before);
    const [id] = fs.readdirSync(join(store, '.ingot/snapshots'));
    const reference = fs.readFileSync(join(store, '.ingot/snapshots', id!), 'utf8');
    expect(reference).toContain(`"generation":"${generation()}"`);
  });

  it('stores segments again, too', async () => {
    await expectRecorded(
      new Overtaken(store, (time) => (time > 1 ? undefined : remove(...segments(), ONE))),
    );
  });

  it('stores segments once more that go between their storing and their reading', async () => {
    let reads = Number.NEGATIVE_INFINITY;
    const engine = new Overtaken(store, async (time) => {
      if (time > 1) return;
      await remove(ONE);
      reads = 0;
    });
    const { openReader } = engine;
    Object.assign(engine, {
      openReader: async (space: Space) => {
        const reader = await openReader.call(engine, space);
        if (space !== 'segments') return reader;
        const { readWhole } = reader;
        reader.readWhole = async (name, most) => {
          // The first one is of whether it is whole.
          if (++reads === 2) await remove(...segments());
          return readWhole.call(reader, name, most);
        };
        return reader;
      },
    });
    await expectRecorded(engine);
    expect(reads).toBeGreaterThan(2);
  });

  it('looks again as often as they go', async () => {
    let times = 0;
    const engine = new Overtaken(store, async (time) => {
      times = time;
      if (time < 4) await remove(time % 2 === 0 ? ONE : digestOf(Buffer.from('two')));
    });
    await expectRecorded(engine);
    expect(times).toBe(4);
  });

  it('relies on those of other runs no longer', async () => {
    await expectRecorded(new LocalEngine(store));
    const engine = new Overtaken(store, (time) => (time > 1 ? undefined : remove(ONE)));
    await expectRecorded(engine);
  });

  it('stores nothing again where all are there', async () => {
    let before: string[] = [];
    const engine = new Overtaken(store, async (time) => {
      if (time === 1) await remove();
      else before = [...segments(), ...fs.readdirSync(store)].sort();
    });
    await expectRecorded(engine);
    expect([...segments(), ...fs.readdirSync(store)].sort()).toEqual(
      before.filter((name) => !name.startsWith('.tmp-')),
    );
  });

  it.each(['changed', 'gone'])('makes no snapshot where the source has %s', async (what) => {
    const engine = new Overtaken(store, async (time) => {
      if (time > 1) return;
      await remove(ONE);
      for (const name of ['one', 'copy']) {
        fs.rmSync(join(source, 'a', name));
        if (what === 'changed') fs.writeFileSync(join(source, 'a', name), 'other');
      }
    });
    const run = ingestInto(engine, [source], { threads: 1 });
    await expect(run).rejects.toThrow(join(source, 'a'));
    expect(expectWholeSnapshots(store)).toEqual([]);
    expect(fs.readdirSync(store).filter((name) => name.startsWith('.tmp-'))).toEqual([]);
  });
});
