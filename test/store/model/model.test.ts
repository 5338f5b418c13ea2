/**
 * Snapshots are made, forgotten and brought back while gcs run, in every order that there is, with
 * kills and power cuts: nothing that a snapshot names, or that was put, is lost, and nothing is left
 * that no gc would find. What would be lost otherwise is found.
 */
import { describe, expect, it } from 'vitest';
import { type Explored, explore, storeWithSnapshot } from './explore.ts';
import { gc } from './gc.ts';
import { forget, ingest, ingestUnnamed, put, quarantine, unforget } from './processes.ts';
import { FORGOTTEN, LIVE, type State, X, Y } from './state.ts';
import type { Deviations, Process } from './steps.ts';

interface Scene {
  readonly begins: State;
  readonly processes: (rules: Deviations) => readonly Process[];
  readonly mortal: readonly number[];
}

const SCENES = {
  'two ingests, one that trusts a record': {
    begins: storeWithSnapshot(LIVE),
    processes: (rules) => [
      ingest('one', rules),
      ingest('two', { ...rules, knows: true }),
      forget('old'),
      gc(rules),
    ],
    mortal: [0, 2, 3],
  },
  'an ingest, and two gcs': {
    begins: storeWithSnapshot(FORGOTTEN),
    processes: (rules) => [ingest('one', rules), gc(rules), gc(rules), ingestUnnamed(Y, rules)],
    mortal: [0, 1, 2],
  },
  'a snapshot that is brought back, and forgotten again': {
    begins: storeWithSnapshot(FORGOTTEN),
    processes: (rules) => [unforget('old', rules), forget('old'), gc(rules), gc(rules)],
    mortal: [0, 1, 2],
  },
  'a put': {
    begins: storeWithSnapshot(LIVE),
    processes: (rules) => [put(Y, rules), forget('old'), gc(rules), gc(rules)],
    mortal: [0, 1, 2],
  },
  'a quarantine': {
    begins: damaged(storeWithSnapshot(FORGOTTEN), X),
    processes: (rules) => [ingest('two', rules), quarantine(X, rules), gc(rules), put(X, rules)],
    mortal: [0, 1, 2],
  },
  'all but a second ingest': {
    begins: storeWithSnapshot(LIVE),
    processes: (rules) => [
      ingest('one', { ...rules, knows: true }),
      forget('old'),
      unforget('old', rules),
      gc(rules),
      put(Y, rules),
    ],
    mortal: [],
  },
} satisfies Record<string, Scene>;

function damaged(state: State, contents: number): State {
  state.damaged = contents;
  return state;
}

function run({ begins, processes, mortal }: Scene, rules: Deviations): Explored {
  return explore({ begin: begins, processes: processes(rules), mortal });
}

describe('in every order of steps', () => {
  it.each(Object.entries(SCENES))('nothing is lost: %s', (_, scene) => {
    const { found, states } = run(scene, {});
    expect(found).toBeUndefined();
    // Not all of it was passed by.
    expect(states).toBeGreaterThan(500);
  });
});

const LOSS = /lacks/;
const LEAK = /stays for ever/;

describe('what would lose something is found', () => {
  it.each<[keyof Deviations, keyof typeof SCENES, RegExp]>([
    ['generationOnce', 'two ingests, one that trusts a record', LOSS],
    ['generationLate', 'two ingests, one that trusts a record', LOSS],
    ['generationOutside', 'two ingests, one that trusts a record', LOSS],
    ['noLock', 'two ingests, one that trusts a record', LOSS],
    ['oldMarks', 'two ingests, one that trusts a record', LOSS],
    ['noSecondLook', 'two ingests, one that trusts a record', LOSS],
    ['noSecondLook', 'an ingest, and two gcs', /is not there|lacks/],
    ['publishedAfterRelease', 'two ingests, one that trusts a record', LOSS],
    ['recordWithoutGeneration', 'two ingests, one that trusts a record', LOSS],
    ['referenceBeforeFlush', 'an ingest, and two gcs', LEAK],
    ['revivedReferenceTaken', 'a snapshot that is brought back, and forgotten again', LEAK],
    ['foldersNotFlushed', 'two ingests, one that trusts a record', LOSS],
    ['foldersFlushedOnce', 'a snapshot that is brought back, and forgotten again', LOSS],
    ['unforgetWithoutLook', 'a snapshot that is brought back, and forgotten again', LOSS],
    ['unforgetWithoutGeneration', 'a snapshot that is brought back, and forgotten again', LOSS],
    ['unforgetWithoutLock', 'a snapshot that is brought back, and forgotten again', LOSS],
    ['unforgetWithoutFlush', 'all but a second ingest', LOSS],
    ['foldersNotFlushedLast', 'a quarantine', LEAK],
    ['pinAfterLook', 'a put', /put is gone/],
    ['pinWithoutLock', 'a put', /put is gone/],
    ['pinNotFlushed', 'a put', /pin is gone/],
    ['pinsReadOnce', 'a put', /put is gone/],
    ['pinsNotFlushed', 'a put', LEAK],
    ['quarantineWithoutGeneration', 'a quarantine', LOSS],
  ])('%s: %s', (rule, scene, what) => {
    expect(run(SCENES[scene], { [rule]: true }).found?.what).toMatch(what);
  });
});
