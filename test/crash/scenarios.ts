/** What is recorded to try power cuts: some runs, one after the other, on a store. */
import { join } from 'node:path';
import type { TestContext } from 'vitest';
import { demandMounts, demandProgram, mountImage } from '../harness/mounts.ts';
import { makeTree } from '../harness/tree.ts';
import {
  DAMAGED,
  digestsOf,
  forgetOf,
  gcOf,
  ingestOf,
  LARGE,
  large,
  OTHERS,
  putOf,
  quarantineOf,
  relayoutTo,
  SMALL,
  SPARSE,
  unflushedIngestOf,
  unforgetOf,
} from './commands.ts';
import { manifestIn, type Recording, record, storeIn } from './record.ts';
import {
  cutOffStore,
  damagedStore,
  damagedStoreOf2,
  lossyStore,
  storeOf,
  storeOf2,
  storeOfDamagedSegments,
  storeOfTwoSnapshots,
} from './stores.ts';

export interface Scenario {
  readonly title: string;
  /** Skips where the machine has not what it takes. */
  readonly demands: (context: Pick<TestContext, 'skip'>) => void;
  /** Records it. Called within a test. */
  readonly record: () => Recording;
}

/** In a store that is there: all objects have their names, and no name is flushed. */
const beforeItsLastFlush = { diesBefore: 'fsyncSync /store$' };
/** In one that is not: the store's folder and those above it are made, and none is flushed. */
const beforeItsFoldersAreFlushed = { diesBefore: 'fsyncSync /store$' };
/** store.json has its name, which is not flushed. */
const beforeTheStoreIsFlushed = { diesBefore: 'fsyncSync /\\.ingot$' };
/** A damaged object is on its way to quarantine, which is not flushed. */
const beforeItsSecondMove = { diesBefore: 'renameSync /\\.ingot/moving/' };
/** It has come there, and neither move is flushed. */
const beforeItsMovesAreFlushed = { diesBefore: 'fsyncSync /\\.ingot/quarantine$' };
/** Of a first snapshot: the generation is made, and has no name yet. */
const beforeItsGeneration = { diesBefore: 'renameSync /\\.ingot/generation' };
/** Of a first snapshot: the generation is there, and store.json does not say so yet. */
const beforeItsFormat = { diesBefore: 'renameSync /\\.ingot/store\\.json' };
/** Segments have their names, which are not flushed. */
const beforeItsSegmentsAreFlushed = { diesBefore: 'fsync /\\.ingot/segments$' };
/** The same of the reference. */
const beforeItsReferenceIsFlushed = { diesBefore: 'fsync /\\.ingot/snapshots$' };
/** store.json durably names both layouts, and no object is moved. */
const beforeItsFirstMove = { diesBefore: 'opendirSync /store/[0-9a-f]{2}$' };

/** A snapshot is forgotten, and neither folder is flushed. */
const beforeItIsForgotten = { diesBefore: 'fsyncSync /\\.ingot/forgotten$' };
/** Of a gc: segments are gone, and that is not flushed. */
const beforeItsSegmentsAreGone = { diesBefore: 'fsyncSync /\\.ingot/segments$' };
/** Of a gc: objects and segments are durably gone. */
const beforeItsForgottenIsGone = { diesBefore: 'unlinkSync /\\.ingot/forgotten/' };

/** What the first of two snapshots has, and the second has not. */
const LET_GO = Object.fromEntries(
  Object.entries(SMALL).filter(([, content]) => !Object.values(OTHERS).includes(content)),
);

const syncfs = ['--barrier', 'syncfs'];
const fsync = ['--barrier', 'fsync'];
const file = ['--durability', 'file'];
const flat = ['--layout', 'flat'];
const sharded = ['--layout', 'sharded'];

export const SCENARIOS: readonly Scenario[] = [
  ...[syncfs, fsync, file].flatMap((how) => [
    scenario(`a first ingest, flat, ${how.join(' ')}`, () =>
      record([ingestOf(SMALL, ...how, ...flat)]),
    ),
    scenario(`a first ingest, sharded, ${how.join(' ')}`, () =>
      record([ingestOf(SMALL, ...how, ...sharded)]),
    ),
    scenario(`an ingest of large files into an empty store, ${how.join(' ')}`, () =>
      record([ingestOf({ ...SMALL, ...LARGE }, ...how)], storeOf2('flat')),
    ),
    scenario(`an ingest of a large file with holes, ${how.join(' ')}`, () =>
      record([ingestOf({ ...SMALL, ...SPARSE }, ...how)], storeOf2('flat')),
    ),
    scenario(
      `an ingest of large files that shares their blocks, XFS, ${how.join(' ')}`,
      () => recordOnXfs(how),
      demandXfs,
    ),
    scenario(`an ingest that repairs a damaged object, ${how.join(' ')}`, () =>
      record([ingestOf(SMALL, ...how)], damagedStore('flat')),
    ),
  ]),
  scenario('a first ingest with a manifest', () => {
    const ingest = ingestOf(SMALL);
    const args = (root: string) => [...ingest.args(root), '--manifest', manifestIn(root)];
    return record([{ ...ingest, args }]);
  }),
  ...(['flat', 'sharded'] as const).map((layout) =>
    scenario(`an ingest of what a killed one stored, ${layout}`, () =>
      record(
        [{ ...ingestOf(SMALL), ...beforeItsLastFlush }, ingestOf(SMALL, ...file)],
        storeOf(layout),
      ),
    ),
  ),
  scenario('an ingest into a store whose maker was killed', () =>
    record([
      { ...ingestOf(SMALL, ...fsync), ...beforeTheStoreIsFlushed },
      ingestOf(SMALL, ...fsync),
    ]),
  ),
  scenario('an ingest into a store whose folders a killed one made', () =>
    record([
      { ...ingestOf(SMALL, ...fsync), ...beforeItsFoldersAreFlushed },
      ingestOf(SMALL, ...fsync),
    ]),
  ),
  scenario('an ingest of what one without flushes stored', () =>
    record([unflushedIngestOf(SMALL), ingestOf(SMALL, ...syncfs)], storeOf('flat')),
  ),
  scenario('an ingest of some of what one without flushes stored, and of others', () =>
    record([unflushedIngestOf(SMALL), ingestOf(OTHERS, ...fsync)], storeOf('sharded')),
  ),
  scenario('an ingest that finds lost what one without flushes stored, and the next one', () =>
    record([{ ...ingestOf(SMALL, ...fsync), code: 1 }, ingestOf(SMALL, ...fsync)], lossyStore),
  ),
  scenario('an ingest after one that was killed while it moved aside what was lost', () =>
    record(
      [{ ...ingestOf(SMALL, ...fsync), ...beforeItsSecondMove }, ingestOf(SMALL, ...fsync)],
      lossyStore,
    ),
  ),
  ...(['flat', 'sharded'] as const).map((layout) =>
    scenario(`a forget and a gc, ${layout}`, () =>
      record([forgetOf(), gcOf(LET_GO)], storeOfTwoSnapshots(layout, [SMALL, OTHERS])),
    ),
  ),
  ...Object.entries({
    'among objects': beforeItsLastFlush,
    'among segments': beforeItsSegmentsAreGone,
    'before the reference goes': beforeItsForgottenIsGone,
  }).map(([when, dies]) =>
    scenario(`a gc after one that was killed ${when}`, () =>
      record(
        [forgetOf(), { ...gcOf(LET_GO), ...dies }, gcOf(LET_GO)],
        storeOfTwoSnapshots('flat', [SMALL, OTHERS]),
      ),
    ),
  ),
  scenario('a gc after a forget that was killed before its flush', () =>
    record(
      [{ ...forgetOf(), ...beforeItIsForgotten }, gcOf(LET_GO)],
      storeOfTwoSnapshots('flat', [SMALL, OTHERS]),
    ),
  ),
  scenario('an ingest of what a killed gc has taken', () =>
    record(
      [forgetOf(), { ...gcOf(LET_GO), ...beforeItsLastFlush }, ingestOf(SMALL, ...fsync)],
      storeOfTwoSnapshots('flat', [SMALL, OTHERS]),
    ),
  ),
  scenario('a snapshot that is forgotten and brought back', () =>
    record([forgetOf(), unforgetOf()], storeOfTwoSnapshots('flat', [SMALL, OTHERS])),
  ),
  scenario('a put of what an ingest without flushes stored', () =>
    record([unflushedIngestOf(SMALL), putOf(DAMAGED)], storeOf('flat')),
  ),
  scenario('a first put', () => record([putOf(DAMAGED)])),
  scenario('a put of more than is held in memory', () =>
    record([putOf(large('put'))], storeOf('sharded')),
  ),
  scenario('a put of what a killed ingest stored', () =>
    record([{ ...ingestOf(SMALL), ...beforeItsLastFlush }, putOf(DAMAGED)], storeOf('sharded')),
  ),
  scenario('a put into a store whose maker was killed', () =>
    record([{ ...putOf(DAMAGED), ...beforeTheStoreIsFlushed }, putOf(DAMAGED)]),
  ),
  scenario('a put that repairs a damaged object', () =>
    record([putOf(DAMAGED)], damagedStore('flat')),
  ),
  scenario('a verify that moves damaged objects to quarantine', () =>
    record([quarantineOf()], damagedStore('sharded', SMALL, [DAMAGED, 'content 7\n'])),
  ),
  scenario('an ingest of what a verify moved to quarantine', () =>
    record([quarantineOf(), ingestOf(SMALL, ...fsync)], damagedStore('flat', SMALL)),
  ),
  scenario('an ingest after a verify that was killed between its moves', () =>
    record(
      [{ ...quarantineOf(), ...beforeItsSecondMove }, ingestOf(SMALL, ...fsync)],
      damagedStore('flat', SMALL),
    ),
  ),
  scenario('a verify after one that was killed between its moves', () =>
    record(
      [{ ...quarantineOf(), ...beforeItsSecondMove }, quarantineOf()],
      damagedStore('sharded', SMALL),
    ),
  ),
  scenario('a verify after one that was killed before its moves were durable', () =>
    record(
      [{ ...quarantineOf(), ...beforeItsMovesAreFlushed }, quarantineOf()],
      damagedStore('sharded', SMALL),
    ),
  ),
  scenario('an ingest after a verify that was killed before its moves were durable', () =>
    record(
      [{ ...quarantineOf(), ...beforeItsMovesAreFlushed }, ingestOf(SMALL, ...fsync)],
      damagedStore('sharded', SMALL),
    ),
  ),
  scenario('a verify that puts back what a killed one had on its way', () =>
    record([{ ...quarantineOf(), digests: digestsOf({ DAMAGED }) }], cutOffStore),
  ),
  scenario('a first snapshot in a store of format 1', () =>
    record([ingestOf({ file: 'new' })], storeOf('flat', SMALL)),
  ),
  scenario('a snapshot of what an earlier one has, and of more', () =>
    record([ingestOf(SMALL), ingestOf({ ...SMALL, more: 'more' })], storeOf2('sharded')),
  ),
  scenario('a second snapshot of the same tree', () => {
    const ingest = ingestOf(SMALL, ...fsync);
    return record([ingest, ingest], storeOf2('flat'));
  }),
  scenario('a snapshot after one that was killed before its last flush', () => {
    const ingest = ingestOf(SMALL, ...fsync);
    return record([{ ...ingest, ...beforeItsLastFlush }, ingest], storeOf2('flat'));
  }),
  scenario('a snapshot whose segments are there with other bytes', () => {
    const ingest = ingestOf(SMALL, ...fsync);
    return record([ingest], storeOfDamagedSegments(ingest));
  }),
  ...Object.entries({
    'its segments were durable': beforeItsSegmentsAreFlushed,
    'its reference was durable': beforeItsReferenceIsFlushed,
  }).map(([what, dies]) =>
    scenario(`a snapshot after one that was killed before ${what}`, () => {
      const ingest = ingestOf(SMALL, ...fsync);
      return record([{ ...ingest, ...dies }, ingest], storeOf2('flat'));
    }),
  ),
  ...Object.entries({
    'there was a generation': beforeItsGeneration,
    'store.json was format 2': beforeItsFormat,
    'its generation was durable': beforeTheStoreIsFlushed,
  }).map(([what, dies]) =>
    scenario(`a first snapshot after one that was killed before ${what}`, () =>
      record(
        [{ ...ingestOf({ file: 'old' }), ...dies }, ingestOf({ file: 'new' })],
        storeOf('sharded', SMALL),
      ),
    ),
  ),
  scenario('a verify that moves a damaged object of a store of format 2 to quarantine', () =>
    record([quarantineOf()], damagedStoreOf2('flat', SMALL)),
  ),
  scenario('a snapshot after a verify that was killed between its moves', () =>
    record(
      [{ ...quarantineOf(), ...beforeItsSecondMove }, ingestOf({ file: DAMAGED })],
      damagedStoreOf2('sharded', SMALL),
    ),
  ),
  scenario('a relayout to sharded', () => record([relayoutTo('sharded')], storeOf('flat', SMALL))),
  scenario('a relayout to flat', () => record([relayoutTo('flat')], storeOf('sharded', SMALL))),
  scenario('a relayout of what a killed ingest stored', () =>
    record([{ ...ingestOf(SMALL), ...beforeItsLastFlush }, relayoutTo('flat')], storeOf('sharded')),
  ),
  scenario('an ingest, in the midst of a relayout, of what a killed one stored', () =>
    record(
      [
        { ...ingestOf(SMALL), ...beforeItsLastFlush },
        { ...relayoutTo('flat'), ...beforeItsFirstMove },
        ingestOf(SMALL, ...fsync),
      ],
      storeOf('sharded'),
    ),
  ),
];

function scenario(
  title: string,
  make: () => Recording,
  demands: Scenario['demands'] = () => {},
): Scenario {
  return { title, record: make, demands };
}

function demandXfs(context: Pick<TestContext, 'skip'>): void {
  demandMounts(context);
  demandProgram(context, 'mkfs.xfs');
}

/** Source and store on one disk, which lets them share blocks. */
function recordOnXfs(how: readonly string[]): Recording {
  const prepare = (root: string) => {
    makeTree(LARGE, join(root, 'source'));
    storeOf('flat')(root);
  };
  const args = (root: string) => [
    ...['ingest', join(root, 'source'), '--store', storeIn(root), ...how],
  ];
  const command = { args, digests: digestsOf(LARGE) };
  const recording = record([command], prepare, mountImage('xfs', 320));
  if (!recording.calls.flat().some(({ name }) => name === 'clone'))
    throw new Error('no blocks were shared');
  return recording;
}
