/** Clauses on the halves in worker threads, and on the messages between them and the main half. */

import fs from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import type { Group } from '../../../dist/src/store/seam/write.js';
import {
  type Clause,
  callMainOf,
  commit,
  contentsOf,
  namesIn,
  openWorker,
  read,
  rejection,
  sha256,
  withWriter,
} from './subject.ts';

export const WORKER_CLAUSES: readonly Clause[] = [
  {
    says: 'what a worker gets is plain data: a module by its address, and what to give it',
    check: (place) =>
      withWriter(place.engine(), async ({ worker }) => {
        expect(structuredClone(worker)).toEqual(worker);
        expect(new URL(worker.module).protocol).toBe('file:');
      }),
  },
  {
    says: 'workers of one writer work side by side, on one content, too',
    check: async (place) => {
      const [one, two, both] = contentsOf('objects', 3);
      await withWriter(place.engine(), async (main) => {
        const halves = await Promise.all(
          [1, 2].map((number) => openWorker(main, { number, mayBeTerminated: number === 2 })),
        );
        const [first, second] = halves.map((half) => half.openGroup(callMainOf(main)));
        for (const [group, own] of [
          [first!, one!],
          [second!, two!],
        ] as const)
          for (const { name, bytes } of [own, both!]) group.stage(name, bytes);
        await Promise.all([first!.commit(), second!.commit()]);
      });
      const reader = await place.engine().openReader('objects');
      expect(await namesIn(reader)).toEqual([one!, two!, both!].map(({ name }) => name).sort());
      expect(await read(reader, both!.name)).toBe(Buffer.from(both!.bytes).toString());
    },
  },
  {
    says: 'a group calls for one thing at a time, and fails when the main half rejects that',
    check: async (place) => {
      const contents = contentsOf('objects', 3);
      let [calls, running, most] = [0, 0, 0];
      const refuse = async () => {
        calls++;
        most = Math.max(most, ++running);
        await nextTurn();
        running--;
        throw new Error('refused');
      };
      const failed = await withWriter(place.engine(), async (main) => {
        const half = await openWorker(main, { number: 1, mayBeTerminated: false });
        return rejection(commit(half.openGroup(refuse), contents));
      });
      const names = await namesIn(await place.engine().openReader('objects'));
      // Not every engine has something to ask.
      if (calls === 0) expect(names).toHaveLength(contents.length);
      else {
        expect([most, names]).toEqual([1, []]);
        expect(failed).toMatchObject({ message: 'refused' });
      }
    },
  },
  {
    says: 'the main half rejects a message that no worker half sends',
    check: (place) =>
      withWriter(place.engine(), async (main) => {
        for (const message of [undefined, 'nonsense', { of: 'another engine' }])
          expect(await rejection(main.answer(message))).toBeDefined();
      }),
  },
  {
    says: 'a group shares blocks with a source exactly where its engine offers that',
    check: (place, { offers }) =>
      withWriter(place.engine(), async (main) => {
        const half = await openWorker(main, { number: 1, mayBeTerminated: false });
        const group = half.openGroup(callMainOf(main));
        expect(group.stageClone !== undefined).toBe(offers.stageClone);
        if (!offers.stageClone) return;
        const bytes = fs.readFileSync(fileURLToPath(import.meta.url));
        const kept = cloneOf(group);
        const dropped = cloneOf(group);
        dropped?.drop();
        kept?.keep(sha256(bytes), bytes.length, undefined);
        await group.commit();
        const names = await namesIn(await place.engine().openReader('objects'));
        expect(names).toEqual(kept === undefined ? [] : [sha256(bytes)]);
      }),
  },
];

/** Of this very file; undefined where no blocks can be shared. */
function cloneOf(group: Group<string>) {
  const fd = fs.openSync(fileURLToPath(import.meta.url), 'r');
  try {
    return group.stageClone!(fd as never, fs.fstatSync(fd).dev);
  } finally {
    fs.closeSync(fd);
  }
}
