/** Clauses on stores as such: how they are found, made, verified, counted and changed. */
import fs from 'node:fs';
import { expect } from 'vitest';
import type { EngineModule } from '../../../dist/src/store/seam/engine.js';
import type { Verifier } from '../../../dist/src/store/seam/upkeep.js';
import {
  type Clause,
  contentOf,
  contentsOf,
  namesIn,
  OPTIONS,
  read,
  rejection,
  SPACES,
  store,
  withWriter,
} from './subject.ts';

const MISSING = { code: 'INGOT_NO_STORE' };
const CONTENTS = contentsOf('objects', 5);
const BYTES = CONTENTS.reduce((sum, { bytes }) => sum + bytes.length, 0);

export const UPKEEP_CLAUSES: readonly Clause[] = [
  {
    says: 'a store that is missing is INGOT_NO_STORE for all who do not create it, and stays missing',
    check: async (place) => {
      const engine = place.engine();
      expect(engine.address).toMatch(/./);
      const openings: (() => Promise<unknown>)[] = [
        ...SPACES.map((space) => () => engine.openReader(space)),
        () => engine.openVerifier({ quarantine: false }),
        () => engine.openVerifier({ quarantine: true }),
        () => engine.stats({}),
        () => engine.open({ create: false }),
      ];
      for (const open of openings) expect(await rejection(open())).toMatchObject(MISSING);
    },
  },
  {
    says: 'a store is created where that is asked for, and found from then on',
    check: async (place, { layout }) => {
      expect(await place.engine().open({ create: true, layout })).toMatchObject({ layout });
      for (const create of [true, false])
        expect(await place.engine().open({ create })).toMatchObject({ layout });
      expect(place.leftovers()).toEqual([]);
    },
  },
  {
    says: 'another layout than that of the store is refused',
    check: async (place, { layout }) => {
      await store(place, 'objects', CONTENTS);
      const other = layout === 'flat' ? 'sharded' : 'flat';
      const refusal = layout === undefined ? { name: 'UsageError' } : { code: 'INGOT_LAYOUT' };
      for (const create of [true, false])
        expect(await rejection(place.engine().open({ create, layout: other }))).toMatchObject(
          refusal,
        );
      const opened = place.engine().openWriter({ ...OPTIONS, layout: other });
      expect(await rejection(opened)).toMatchObject(refusal);
      expect(place.leftovers()).toEqual([]);
    },
  },
  {
    says: 'a barrier and a sharing that the engine does not have are a UsageError',
    only: 'nothing to choose',
    check: async (place) => {
      const usage = { name: 'UsageError' };
      for (const more of [{ barrier: 'syncfs' }, { barrier: 'fsync' }, { sharing: 'all' }] as const)
        expect(await rejection(place.engine().openWriter({ ...OPTIONS, ...more }))).toMatchObject(
          usage,
        );
      const opened = place.engine().open({ create: true, sharing: 'group' });
      expect(await rejection(opened)).toMatchObject(usage);
    },
  },
  {
    says: 'a check finds what does not hash to its name, and what is gone, and tells of all it reads',
    check: async (place) => {
      await store(place, 'objects', CONTENTS);
      const bad = contentOf('objects', 'sound');
      place.plant(bad.name, Buffer.from('SOUND'));
      const gone = contentOf('objects', 'never stored');
      const { worker } = await place.engine().openVerifier({ quarantine: false });
      expect(structuredClone(worker)).toEqual(worker);
      const { openCheck } = (await import(worker.module)) as EngineModule;
      const digests = [...CONTENTS, bad, gone].map(({ name }) => name);
      let bytesRead = 0;
      const check = await openCheck(structuredClone(worker.init), { files: 4, bytes: 1 << 20 });
      const batch = check(digests, (bytes) => {
        bytesRead += bytes;
      });
      expect(batch).toMatchObject({
        checked: 6,
        bytes: BYTES + 5,
        gone: 1,
        unreadable: [],
        large: [],
      });
      expect(bytesRead).toBe(BYTES + 5);
      expect(batch.damaged).toMatchObject([{ digest: bad.name, size: 5, why: /./ }]);
      expect(batch.damaged[0]!.path).toMatch(/./);
    },
  },
  {
    says: 'a thread reads whole objects, and tells of one that is not there',
    check: async (place) => {
      await store(place, 'objects', CONTENTS);
      const source = await place.engine().threadReader();
      expect(structuredClone(source)).toEqual(source);
      const { openThreadReader } = (await import(source.module)) as EngineModule;
      const reader = await openThreadReader(structuredClone(source.init));
      for (const { name, bytes } of CONTENTS) {
        const content = reader.open(name);
        expect(content.path).toMatch(/./);
        const pieces: Buffer[] = [];
        const into = Buffer.alloc(7);
        for (let n = content.read(into, 7); n > 0; n = content.read(into, 7))
          pieces.push(Buffer.from(into.subarray(0, n)));
        expect(content.read(into, 7)).toBe(0);
        content.close();
        expect(Buffer.concat(pieces).equals(bytes)).toBe(true);
      }
      const gone = contentOf('objects', 'never stored').name;
      expect(() => reader.open(gone)).toThrow(expect.objectContaining({ code: 'INGOT_NOT_FOUND' }));
    },
  },
  {
    says: 'a look gives the sizes of objects, and -1 for what is not there',
    check: async (place) => {
      await store(place, 'objects', CONTENTS);
      const gone = contentOf('objects', 'never stored');
      const { worker } = await place.engine().openVerifier({ quarantine: false });
      const { openLook } = (await import(worker.module)) as EngineModule;
      const sizes = openLook(structuredClone(worker.init))(
        [gone, ...CONTENTS].map(({ name }) => name),
      );
      expect(sizes).toEqual([-1, ...CONTENTS.map(({ bytes }) => bytes.length)]);
    },
  },
  {
    says: 'a verifier lists and counts the objects',
    check: async (place) => {
      await store(place, 'objects', CONTENTS);
      const verifier = await place.engine().openVerifier({ quarantine: false });
      expect(await namesIn(verifier)).toEqual(CONTENTS.map(({ name }) => name).sort());
      const totals = await verifier.count(new AbortController().signal);
      expect(totals).toEqual({ objects: CONTENTS.length, bytes: BYTES });
      expect(verifier.countUnsettled(() => expect.unreachable())).toBe(0);
    },
  },
  {
    says: 'a quarantine takes away the damaged object alone, and once',
    check: async (place) => {
      await store(place, 'objects', CONTENTS);
      const { name } = contentOf('objects', 'sound');
      place.plant(name, Buffer.from('SOUND'));
      const verifier = await place.engine().openVerifier({ quarantine: true });
      const reader = await place.engine().openReader('objects');
      const { path } = (await reader.stat(name))!;
      const quarantine = (): ReturnType<Verifier['quarantine']> =>
        verifier.quarantine({ digest: name, path, why: 'its bytes', size: 5 });
      const { moved, unmoved } = await quarantine();
      expect(unmoved).toBeUndefined();
      expect(moved).toMatch(/./);
      expect(moved).not.toBe(path);
      const { moved: again, unmoved: notAgain } = await quarantine();
      expect([again, notAgain]).toEqual([undefined, undefined]);
      expect(await namesIn(reader)).toEqual(CONTENTS.map(({ name }) => name).sort());
      expect(await place.engine().stats({})).toMatchObject({ quarantined: 1 });
    },
  },
  {
    says: 'stats count objects, bytes and writers',
    check: async (place, { layout }) => {
      await store(place, 'objects', CONTENTS);
      const large = contentOf('objects', 'the largest of all');
      await withWriter(place.engine(), async (main) => {
        const group = main.openGroup('objects');
        group.stage(large.name, large.bytes);
        await group.commit();
        const engine = place.engine();
        const stats = await engine.stats({});
        const size = large.bytes.length;
        expect(stats).toMatchObject({
          ...{ root: engine.address, layout, objects: 6, bytes: BYTES + size },
          ...{ largest: { digest: large.name, size }, quarantined: 0, unreadable: 0, unsettled: 0 },
        });
        if (stats.writers !== undefined) expect(stats.writers).toMatchObject({ alive: 1, dead: 0 });
      });
    },
  },
  {
    says: 'stats give each object with its size, and the pins before the first',
    check: async (place) => {
      await store(place, 'objects', CONTENTS);
      const pinned = CONTENTS[0]!.name;
      let isPinned = false;
      await withWriter(place.engine(), async (main) => {
        await main.pin?.(pinned);
        isPinned = main.pin !== undefined;
      });
      const given: unknown[] = [];
      await place.engine().stats({
        onPin: (digest) => void given.push(digest),
        onObject: (digest, size) => void given.push([digest, size]),
      });
      if (isPinned) expect(given.shift()).toBe(pinned);
      const all = CONTENTS.map(({ name, bytes }) => [name, bytes.length]);
      expect(given.sort()).toEqual(all.sort());
    },
  },
  {
    says: 'stats that are aborted reject with the reason',
    check: async (place) => {
      await store(place, 'objects', CONTENTS);
      for (const reason of [new Error('enough'), 'enough']) {
        const stats = place.engine().stats({ signal: AbortSignal.abort(reason) });
        expect(await rejection(stats)).toBe(reason);
      }
    },
  },
  {
    says: 'a warning is a failure as data, or none, before and after the store is made',
    check: async (place) => {
      const isWarning = (warning: unknown) =>
        warning === undefined ||
        expect(warning).toMatchObject({ what: expect.any(String), code: expect.any(String) });
      isWarning(await place.engine().warningOfNew());
      await store(place, 'objects', CONTENTS);
      isWarning(await place.engine().warning());
    },
  },
  {
    says: 'a relayout is had exactly where it is offered, and loses nothing',
    check: async (place, { offers, layout }) => {
      const engine = place.engine();
      expect(engine.relayout !== undefined).toBe(offers.relayout);
      if (engine.relayout === undefined) return;
      await store(place, 'objects', CONTENTS);
      const reader = await engine.openReader('objects');
      const to = layout === 'flat' ? 'sharded' : 'flat';
      expect(await engine.relayout(to, {})).toEqual({ layout: to, moved: 5, merged: 0 });
      expect(await engine.open({ create: false })).toMatchObject({ layout: to });
      for (const { name, bytes } of CONTENTS)
        expect(await read(reader, name)).toBe(Buffer.from(bytes).toString());
    },
  },
  {
    says: 'a place to probe is had exactly where it is offered, makes no store and goes away',
    check: async (place, { offers }) => {
      const engine = place.engine();
      expect(engine.openProbePlace !== undefined).toBe(offers.openProbePlace);
      if (engine.openProbePlace === undefined) return;
      const probe = await engine.openProbePlace();
      expect(probe).toMatchObject({ kind: 'missing', layout: undefined, swept: 0 });
      expect(fs.existsSync(probe.folder)).toBe(true);
      probe.close(true);
      expect(fs.existsSync(probe.folder)).toBe(false);
      expect(await rejection(engine.open({ create: false }))).toMatchObject(MISSING);
    },
  },
];
