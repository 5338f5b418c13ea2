/** The checker of crash states has to find what is wrong: runs whose order was made wrong. */
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { digestOf } from '../../src/digest.ts';
import {
  flushAfterReference,
  generationAfterFormat,
  generationAfterRemoval,
  generationAfterUnlink,
  nameBeforeFlush,
  nameUnflushed,
  segmentsBelieved,
  unmarkBeforeFlush,
  withoutFlushesOf,
  withoutSyncfs,
} from '../crash/alterations.ts';
import type { Call } from '../crash/calls.ts';
import { brokenIn } from '../crash/checks.ts';
import {
  forgetOf,
  gcOf,
  ingestOf,
  quarantineOf,
  relayoutTo,
  SMALL,
  unflushedIngestOf,
} from '../crash/commands.ts';
import { type Recording, record, storeIn, Trial } from '../crash/record.ts';
import { brokenAfterRerun } from '../crash/rerun.ts';
import { type Cut, Disk, everyState } from '../crash/states.ts';
import {
  damagedStore,
  damagedStoreOf2,
  lossyStore,
  storeOf,
  storeOf2,
  storeOfDamagedSegments,
  storeOfTwoSnapshots,
} from '../crash/stores.ts';
import { demandProgram } from '../harness/mounts.ts';

const WRONG_BYTES = 'DIGEST has wrong bytes';
const LOST = 'DIGEST was reported as stored and is not there';
const GONE = 'the bytes DIGEST are gone';
const NO_STORE = 'the store is not there';
const REMOVED = 'DIGEST is gone, and the generation is what it was';
const NO_GENERATION = 'the store has no generation';
const REFUSED = "the next run takes NAME for somebody's own";

const LACKING = 'a snapshot names DIGEST, which is not there';
const NO_SEGMENT = 'snapshot ID: segment DIGEST of a snapshot is damaged: it is not in the store';
const TORN =
  'snapshot ID: snapshot ID is damaged: its checksum is wrong: it is cut short, or was changed';
const WRONG_SEGMENT_BYTES =
  'snapshot ID: segment DIGEST of a snapshot is damaged: its bytes have another digest';
const WRONG_SEGMENT = 'segment DIGEST has wrong bytes';
const NO_SNAPSHOT = 'of 2 reported snapshots 1 are there';

const ONE = { file: 'one content' };
/** Where it lies in a sharded store. */
const SHARD = digestOf(Buffer.from(ONE.file)).slice(0, 2);
type Choose = (points: readonly number[]) => readonly number[];
/** Making or removing 256 folders takes many points. What a relayout does to objects shows last. */
const last: Choose = (points) => points.slice(-10);
const some: Choose = (points) => points.filter((_, n) => n % 50 === 0);
const syncfs = ['--barrier', 'syncfs'];
const fsync = ['--barrier', 'fsync'];
const file = ['--durability', 'file'];
const sharded = ['--layout', 'sharded'];
const OTHER = { file: 'another content' };

beforeEach((context) => demandProgram(context, 'strace'));

/** Changes the calls of one run only. */
function inRun(
  { calls }: Recording,
  run: number,
  alter: (calls: readonly Call[]) => readonly Call[],
): typeof alter {
  return (of) => (of === calls[run] ? alter(of) : of);
}

/** What is broken in any of the systematic states. */
function findings(
  recording: Recording,
  alter?: (calls: readonly Call[]) => readonly Call[],
  choose: Choose = (points) => points,
): string[] {
  const trial = new Trial(recording, alter);
  const disk = new Disk(trial.history);
  const broken = new Set<string>();
  for (const state of everyState(trial.history, choose(trial.history.points)))
    for (const what of brokenIn(disk.after(state).image, trial.promisedAt(state.point)))
      broken.add(
        what
          .replace(/[0-9a-f]{64}/g, 'DIGEST')
          .replace(/\d{8}T\d{6}Z-[0-9a-f]{8}/g, 'ID')
          .replace(/ \(\d+\)$/, '')
          .replace(/; ingest the sources again.*$/, '')
          .replace(/(?<=takes )\S+/, 'NAME'),
      );
  return [...broken].sort();
}

describe('the checker of crash states finds', () => {
  it('that nothing is durable with --durability none', () => {
    const recording = record([ingestOf(ONE, '--durability', 'none')], storeOf('flat'));
    expect(findings(recording)).toEqual([WRONG_BYTES, LOST]);
  });

  it.each([[syncfs], [fsync], [file]])('an object that is named before its flush: %s', (how) => {
    const recording = record([ingestOf(SMALL, ...how)], storeOf('flat'));
    expect(findings(recording)).toEqual([]);
    expect(findings(recording, nameBeforeFlush)).toEqual([WRONG_BYTES]);
  });

  it.each(['flat', 'sharded'] as const)('a last flush of names that is left out: %s', (layout) => {
    const recording = record([ingestOf(ONE)], storeOf(layout));
    const store = storeIn(recording.root);
    const folder = layout === 'flat' ? store : join(store, SHARD);
    expect(findings(recording)).toEqual([]);
    expect(findings(recording, withoutFlushesOf(folder))).toEqual([LOST, LACKING]);
  });

  it('a last flush that is left out although only duplicates were met', () => {
    const killed = { ...ingestOf(ONE), diesBefore: 'fsyncSync /store$' };
    const recording = record([killed, ingestOf(ONE, ...file)], storeOf('flat'));
    expect(findings(recording)).toEqual([]);
    const altered = withoutFlushesOf(storeIn(recording.root));
    expect(findings(recording, inRun(recording, 1, altered))).toEqual([LOST, LACKING]);
  });

  it.each([
    ['its parent', dirname],
    ['the folder above that', (store: string) => dirname(dirname(store))],
    ['its own folder', (store: string) => store],
    ['the folder of store.json', (store: string) => join(store, '.ingot')],
  ])('a new store with a flush left out: %s', (_, folderOf) => {
    const recording = record([ingestOf({}, ...fsync)]);
    expect(findings(recording)).toEqual([]);
    const altered = withoutFlushesOf(folderOf(storeIn(recording.root)));
    expect(findings(recording, altered)).toContain(NO_STORE);
  });

  const killedForget = { ...forgetOf(), diesBefore: 'fsyncSync /\\.ingot/forgotten$' };
  const two = storeOfTwoSnapshots('flat', [ONE, OTHER]);

  it('a gc after a killed forget that does not flush what that has moved', () => {
    const recording = record([killedForget, gcOf(ONE)], two);
    expect(findings(recording)).toEqual([]);
    const metadata = join(storeIn(recording.root), '.ingot');
    const altered = (calls: readonly Call[]) =>
      withoutFlushesOf(join(metadata, 'snapshots'))(
        withoutFlushesOf(join(metadata, 'forgotten'))(calls),
      );
    expect(findings(recording, inRun(recording, 1, altered))).toContain(LACKING);
  });

  it('a gc whose generation changes after the first object is gone', () => {
    const recording = record([forgetOf(), gcOf(ONE)], two);
    expect(findings(recording)).toEqual([]);
    const found = findings(recording, inRun(recording, 1, generationAfterUnlink));
    expect(found).toContain(REMOVED);
  });

  it('a relayout that forgets where objects lay before they durably lie elsewhere', () => {
    const recording = record([relayoutTo('sharded')], storeOf('flat', ONE));
    const folder = join(storeIn(recording.root), SHARD);
    expect(findings(recording, undefined, last)).toEqual([]);
    expect(findings(recording, withoutFlushesOf(folder), last)).toEqual([LOST]);
  });

  it('a relayout that moves before store.json durably says so', () => {
    const recording = record([relayoutTo('flat')], storeOf('sharded', ONE));
    const altered = withoutFlushesOf(join(storeIn(recording.root), '.ingot'));
    expect(findings(recording, undefined, last)).toEqual([]);
    expect(findings(recording, altered, last)).toContain(LOST);
  });

  it('a new store whose shards may be there without .ingot', () => {
    const recording = record([ingestOf({}, ...fsync, ...sharded)]);
    expect(findings(recording, undefined, some)).toEqual([]);
    const altered = withoutFlushesOf(storeIn(recording.root));
    expect(findings(recording, altered, some)).toContain(REFUSED);
  });

  it.each(['.ingot/unflushed', '.ingot'])(
    'a run without flushes whose mark may be lost, too: %s is not flushed',
    (folder) => {
      const recording = record([unflushedIngestOf(ONE), ingestOf(OTHER)], storeOf('flat'));
      const altered = withoutFlushesOf(join(storeIn(recording.root), folder));
      expect(findings(recording)).toEqual([]);
      expect(findings(recording, inRun(recording, 0, altered))).toEqual([WRONG_BYTES]);
    },
  );

  it.each([[syncfs], [fsync]])(
    'a mark that is removed before what it speaks of is flushed, or without that: %s',
    (how) => {
      const recording = record([unflushedIngestOf(ONE), ingestOf(ONE, ...how)], storeOf('flat'));
      const object = join(storeIn(recording.root), digestOf(Buffer.from(ONE.file)));
      const unflushed = how === syncfs ? withoutSyncfs : withoutFlushesOf(object);
      expect(findings(recording)).toEqual([]);
      expect(findings(recording, inRun(recording, 1, unmarkBeforeFlush))).toEqual([WRONG_BYTES]);
      const found = findings(recording, inRun(recording, 1, unflushed));
      expect(found).toEqual([WRONG_BYTES, LOST, LACKING]);
    },
  );

  it('a mark that is removed before what was lost is durably out of the way', () => {
    const recording = record([{ ...ingestOf(ONE), code: 1 }, ingestOf(ONE)], lossyStore);
    const altered = withoutFlushesOf(storeIn(recording.root));
    expect(findings(recording)).toEqual([]);
    expect(findings(recording, inRun(recording, 0, altered))).toEqual([WRONG_BYTES]);
  });

  it('a lost object of which no mark tells the next run', () => {
    const recording = record([unflushedIngestOf(ONE), ingestOf(OTHER)], storeOf('flat'));
    const altered = withoutFlushesOf(join(storeIn(recording.root), '.ingot', 'unflushed'));
    const cut: Cut = {
      what: 'no bytes and no mark that were not flushed',
      keeps: ({ what }) => !what.includes('/unflushed/'),
      fateOf: () => 'zero',
    };
    const brokenAfter = (trial: Trial) => {
      const point = trial.history.acknowledged[0]!;
      const { image } = new Disk(trial.history).after({ point, cut });
      return brokenAfterRerun(recording, trial, point, image);
    };
    expect(brokenAfter(new Trial(recording))).toEqual([]);
    expect(brokenAfter(new Trial(recording, inRun(recording, 0, altered)))).toEqual([
      expect.stringMatching(/^[0-9a-f]{64} has wrong bytes/),
    ]);
  });

  it.each([
    ['their new folder', '.ingot/quarantine', GONE],
    ["that folder's own name", '.ingot', GONE],
    ['their old folder', '', WRONG_BYTES],
  ])('a quarantine of damaged bytes without a flush of %s', (_, folder, found) => {
    const recording = record([quarantineOf()], damagedStore('flat'));
    const altered = withoutFlushesOf(join(storeIn(recording.root), folder));
    expect(findings(recording)).toEqual([]);
    expect(findings(recording, altered)).toEqual([found]);
  });

  it('a removal whose new generation may be lost, with the object gone', () => {
    const recording = record([quarantineOf()], damagedStoreOf2('flat'));
    const altered = withoutFlushesOf(join(storeIn(recording.root), '.ingot'));
    expect(findings(recording)).toEqual([]);
    expect(findings(recording, altered)).toContain(REMOVED);
  });

  it('a removal whose new generation comes after it', () => {
    const recording = record([quarantineOf()], damagedStoreOf2('flat'));
    expect(findings(recording, generationAfterRemoval)).toEqual([REMOVED]);
  });

  it('a store of format 2 whose generation may be lost', () => {
    const recording = record([ingestOf(OTHER)], storeOf('flat', ONE));
    const altered = withoutFlushesOf(join(storeIn(recording.root), '.ingot'));
    expect(findings(recording)).toEqual([]);
    expect(findings(recording, altered)).toContain(NO_GENERATION);
  });

  it('a store of format 2 whose generation comes after it', () => {
    const recording = record([ingestOf(OTHER)], storeOf('flat', ONE));
    expect(findings(recording, generationAfterFormat)).toEqual([NO_GENERATION]);
  });

  describe('a snapshot', () => {
    const folderOf = (folder: string) => (root: string) => join(storeIn(root), folder);

    it.each([
      ['the names of its objects', folderOf(''), [LACKING]],
      ['the names of its segments', folderOf('.ingot/segments'), [NO_SEGMENT]],
    ])('that may be there before %s', (_, folder, found) => {
      const recording = record([ingestOf(ONE, ...fsync)], storeOf2('flat'));
      const altered = flushAfterReference(folder(recording.root));
      expect(findings(recording)).toEqual([]);
      expect(findings(recording, altered)).toEqual(found);
    });

    it('that may be torn', () => {
      const recording = record([ingestOf(ONE, ...fsync)], storeOf2('flat'));
      expect(findings(recording, nameUnflushed('snapshots'))).toEqual([TORN]);
    });

    it('whose segments may be torn', () => {
      const recording = record([ingestOf(ONE, ...fsync)], storeOf2('flat'));
      const found = findings(recording, nameUnflushed('segments'));
      expect(found).toEqual([WRONG_SEGMENT, WRONG_SEGMENT_BYTES]);
    });

    it('that was reported and may be gone', () => {
      const recording = record([ingestOf(ONE, ...fsync)], storeOf2('flat'));
      const altered = withoutFlushesOf(join(storeIn(recording.root), '.ingot/snapshots'));
      expect(findings(recording, altered)).toEqual([NO_SNAPSHOT]);
    });

    it('whose folder may be gone', () => {
      const recording = record([ingestOf(ONE, ...fsync)], storeOf('flat'));
      const altered = withoutFlushesOf(join(storeIn(recording.root), '.ingot'));
      expect(findings(recording, altered)).toContain('of 1 reported snapshots 0 are there');
    });

    it('that relies on a segment for its size', () => {
      const ingest = ingestOf(ONE, ...fsync);
      const recording = record([ingest], storeOfDamagedSegments(ingest));
      expect(findings(recording)).toEqual([]);
      expect(findings(recording, segmentsBelieved)).toEqual([WRONG_SEGMENT_BYTES]);
    });
  });

  it('a state that the next run cannot go on from', () => {
    const recording = record([ingestOf(ONE, ...fsync, ...sharded)]);
    const trial = new Trial(recording, withoutFlushesOf(storeIn(recording.root)));
    const disk = new Disk(trial.history);
    for (const state of everyState(trial.history)) {
      if (!state.cut.what.endsWith('but mkdir new/folders/store/.ingot')) continue;
      const { image } = disk.after(state);
      const broken = brokenAfterRerun(recording, trial, state.point, image);
      if (broken.length === 0) continue;
      expect(broken).toEqual([expect.stringMatching(/^the next run ends with 1: .*not a store/)]);
      return;
    }
    expect.unreachable('every next run went on');
  });
});
