/** An ingest that was cut off is gone on with: the next one reads what is left. */
import fs from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { brokenIn, objectsIn as objectsOf } from '../crash/checks.ts';
import { ingestOf, SMALL } from '../crash/commands.ts';
import { type Content, folderAt } from '../crash/disk-image.ts';
import { record, Trial } from '../crash/record.ts';
import { brokenAfterRerun } from '../crash/rerun.ts';
import { type Cut, Disk } from '../crash/states.ts';
import { storeOf2 } from '../crash/stores.ts';
import { endAtStage, freezeAtStage, type Landing } from '../harness/at-stage.ts';
import { demandProgram } from '../harness/mounts.ts';
import { ingot } from '../harness/run.ts';
import { expectWhole, expectWholeSnapshots, objectsIn } from '../harness/store-checks.ts';
import { ingotInjected } from '../harness/strace.ts';
import type { TreeLiteral } from '../harness/tree.ts';
import { expectCopy, ingestAgain, LATER, recordsIn, sourceAndStore } from './again.ts';

/** More than a batch has. */
const FILES = 6_000;
const LINKS = 60;
/**
 * Of these the process gets its signal at this one: one batch has ended by then, and was recorded. It
 * may be small: a worker with nothing to do takes what the walk has found so far.
 */
const LATE = 5_700;

function treeOf(files: number): TreeLiteral {
  const names = Array.from({ length: files }, (_, n) => [`d${n % LINKS}/f${n}`, `content ${n}`]);
  const links = Array.from({ length: LINKS }, (_, n) => [`d${n}/a-link`, { symlink: 'f0' }]);
  return Object.fromEntries([...names, ...links]);
}

const tree = treeOf(FILES);

let source: string;
let store: string;
beforeEach(() => {
  ({ source, store } = sourceAndStore(tree));
  vi.stubEnv('INGOT_PRELOAD', `--import ${LATER}`);
  return () => void vi.unstubAllEnvs();
});

const args = (...flags: string[]) => [
  ...['ingest', source, '--store', store, '--threads', '1', '-q', ...flags],
];
const NEAR_END = { stage: 'publish', nth: LATE } as const;
const cutOff = (landing: Landing, ...flags: string[]) => endAtStage(args(...flags), landing);

interface Report {
  readonly outcomes: Readonly<Record<string, number>>;
  readonly resumed: { readonly begun: number; readonly entries: number } | undefined;
}

/** The next run: what it has not read, and what it has. */
async function expectResumed(begun: number): Promise<void> {
  const { report } = ingestAgain(store, source);
  const { outcomes, resumed } = report as unknown as Report;
  expect(resumed!.begun).toBeGreaterThanOrEqual(begun);
  const links = resumed!.entries - outcomes.unchanged!;
  expect(links).toBeGreaterThanOrEqual(0);
  expect(links).toBeLessThanOrEqual(LINKS);
  expect(outcomes.unchanged! + outcomes.new! + outcomes.duplicate!).toBe(FILES);
  expect(outcomes.unchanged).toBeGreaterThan(0);
  expect(outcomes.unchanged).toBeLessThanOrEqual(LATE);
  await expectAllKnown();
}

/** A run that has nothing left to read, and nothing to go on with. */
async function expectAllKnown(): Promise<void> {
  const { report, outcomes } = ingestAgain(store, source);
  expect(outcomes).toEqual({ unchanged: FILES, link: LINKS });
  expect((report as unknown as Report).resumed).toBeUndefined();
  expect(recordsIn(store)).toEqual([expect.stringMatching(/\/[0-9a-f]{32}$/)]);
  expectWhole(store);
  expectWholeSnapshots(store);
  await expectCopy(store, source);
}

const parts = () => recordsIn(store).filter((path) => path.includes('.part-'));

describe('an ingest', () => {
  it.each(['--barrier=auto', '--barrier=fsync', '--durability=file'])(
    'that was killed near its end (%s) is gone on with',
    async (how) => {
      const begun = Date.now();
      expect(await cutOff({ ...NEAR_END, signal: 'SIGKILL' }, how)).toMatchObject({ code: null });
      expect(parts().length).toBe(1);
      await expectResumed(begun);
    },
  );

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('that was told to stop by %s is gone on with', async (signal, code) => {
    const begun = Date.now();
    expect(await cutOff({ ...NEAR_END, nth: LATE / 2, signal })).toMatchObject({ code });
    expect(parts().length).toBe(1);
    const { report } = ingestAgain(store, source);
    const { resumed, outcomes } = report as unknown as Report;
    expect(resumed!.begun).toBeGreaterThanOrEqual(begun);
    expect(resumed!.entries).toBeGreaterThan(0);
    // What it had stored it has recorded, too.
    expect(outcomes.duplicate).toBe(0);
    await expectAllKnown();
  });

  it('that was killed twice is gone on with from where it got furthest', async () => {
    await cutOff({ ...NEAR_END, nth: 700, signal: 'SIGKILL' });
    const first = parts();
    // By then all is recorded; how much a batch has before depends on how fast the walk is.
    await cutOff({ stage: 'segment', nth: 1, signal: 'SIGKILL' });
    expect(parts().length).toBe(2);
    expect(parts()).toContain(first[0]);
    const { report } = ingestAgain(store, source);
    expect((report as unknown as Report).resumed!.entries).toBe(FILES + LINKS);
    await expectAllKnown();
  });

  it('that goes on says so in its summary', async () => {
    await cutOff({ ...NEAR_END, signal: 'SIGKILL' });
    const { stdout } = ingot(['ingest', source, '--store', store]);
    expect(stdout).toMatch(
      /^ {2}resumed: [\d,]+ entries of the run of \d{4}-\d\d-\d\d \d\d:\d\d:\d\d, which was cut off$/m,
    );
  });

  it('that was cut off is not gone on with where all is to be read', async () => {
    await cutOff({ ...NEAR_END, signal: 'SIGKILL' });
    const { report, outcomes } = ingestAgain(store, source, ['--rescan']);
    expect((report as unknown as Report).resumed).toBeUndefined();
    expect(outcomes.unchanged).toBeUndefined();
    await expectAllKnown();
  });

  it('that goes on stores again what is gone, and reads what has changed', async () => {
    await cutOff({ ...NEAR_END, signal: 'SIGKILL' });
    const gone = objectsIn(store).filter((_, n) => n % 3 === 0);
    for (const name of gone) fs.rmSync(join(store, name));
    for (let n = 0; n < FILES; n += 7)
      fs.writeFileSync(join(source, `d${n % 60}/f${n}`), `CONTENT ${n}`);
    const { report } = ingestAgain(store, source);
    expect((report as unknown as Report).resumed!.entries).toBeGreaterThan(0);
    await expectAllKnown();
  });

  it('that still lives is not gone on with, and ends well beside the next one', async () => {
    const frozen = await freezeAtStage(args(), NEAR_END);
    const { report, outcomes } = ingestAgain(store, source);
    expect((report as unknown as Report).resumed).toBeUndefined();
    expect(outcomes.unchanged).toBeUndefined();
    expect(parts().length).toBe(1);
    frozen.child.kill('SIGCONT');
    expect(await frozen.end).toMatchObject({ code: 0, stderr: '' });
    await expectAllKnown();
  });
});

describe('a failed flush', () => {
  beforeEach((context) => {
    demandProgram(context, 'strace');
    // Fewer: all are under strace.
    ({ source, store } = sourceAndStore(treeOf(600)));
  });

  it.each<[string, string, () => string[]]>([
    ['of a group', 'syncfs:error=EIO:when=2+', () => []],
    ['of the names', 'fsync:error=EIO:when=1+', () => [store]],
    ['of the snapshot', 'fsync:error=EIO:when=1+', () => [join(store, '.ingot/snapshots')]],
    ['of its segments', 'fsync:error=EIO:when=1+', () => [join(store, '.ingot/segments')]],
  ])('%s leaves nothing to go on with', async (_, inject, on) => {
    // One that has its format, so that its folders are there.
    ingestAgain(store, join(source, 'd0'));
    const [record] = recordsIn(store);
    const { code } = ingotInjected(args('--barrier=syncfs'), {
      ...{ inject, on: on(), imports: [LATER] },
    });
    expect(code).toBe(1);
    expect(recordsIn(store)).toEqual([record]);
    ingestAgain(store, source);
    await expectCopy(store, source);
  });

  /** Objects get no names from some moment on. */
  const NAMELESS = 'linkat:error=EACCES:when=150+';

  it('leaves nothing to go on with, also where something else has failed before', () => {
    ingestAgain(store, join(source, 'd0'));
    const [record] = recordsIn(store);
    const inject = [NAMELESS, 'fsync:error=EIO:when=1+'];
    const { code, stderr } = ingotInjected(args('--barrier=syncfs'), { inject, imports: [LATER] });
    expect(code).toBe(1);
    expect(stderr).toMatch(/EACCES/);
    expect(recordsIn(store)).toEqual([record]);
  });

  it('that there was none of leaves what was learnt, whatever else has failed', () => {
    ingestAgain(store, join(source, 'd0'));
    const { code } = ingotInjected(args('--barrier=syncfs'), {
      ...{ inject: NAMELESS, imports: [LATER] },
    });
    expect(code).toBe(1);
    expect(parts().length).toBe(1);
  });
});

describe('a power cut', () => {
  it('that takes the objects, but not what a part says of them, is seen', (context) => {
    demandProgram(context, 'strace');
    const ingest = ingestOf(SMALL, '--barrier', 'fsync');
    const killed = { ...ingest, diesBefore: 'fsyncSync /store$' };
    const recording = record([killed, ingest], storeOf2('flat'));
    const trial = new Trial(recording);
    const disk = new Disk(trial.history);
    const cut: Cut = {
      what: 'nothing but the part',
      keeps: ({ what }) => /\.ingot\/records/.test(what),
      fateOf: () => 'kept',
    };
    let tried = 0;
    for (const point of trial.history.points) {
      const { image } = disk.after({ point, cut });
      const at = folderAt(image, ['new', 'folders', 'store']);
      const records = folderAt(at, ['.ingot', 'records']);
      const isWhole = [...records].some(
        ([name, node]) => name.includes('.part-') && (node as Content).bytes.includes('!blk'),
      );
      if (!isWhole || objectsOf(at).length > 0 || tried === 3) continue;
      expect(brokenIn(image, trial.promisedAt(point))).toEqual([]);
      expect(brokenAfterRerun(recording, trial, point, image)).toEqual([]);
      tried++;
    }
    expect(tried).toBe(3);
  });
});
