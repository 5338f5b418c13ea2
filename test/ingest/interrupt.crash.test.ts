import fs from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { type EndAtStage, endAtStage, type Landing } from '../harness/at-stage.ts';
import { NOT_EMPTY, plant } from '../harness/planted.ts';
import { ingot, tempsIn } from '../harness/run.ts';
import {
  addedUp,
  type Counts,
  expectNextRunCompletes,
  expectWhole,
  expectWholeSnapshots,
} from '../harness/store-checks.ts';
import { makeTree, temporaryDirectory } from '../harness/tree.ts';

const FILES = 12;
const SIGNALS = [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const;

let source: string;
let store: string;
beforeEach(() => {
  const root = temporaryDirectory();
  source = join(root, 'source');
  store = join(root, 'store');
  for (let n = 0; n < FILES; n++) makeTree({ [`d${n % 3}/f${n}`]: `content ${n}` }, source);
});

/** One object that no source has, and what a dead writer left. */
function makeStore(): void {
  ingot(['ingest', makeTree({ first: 'first' }), '--store', store, '-q']);
  makeTree({ lock: 'flat\n', '0/1': 'half' }, join(store, '.tmp-dead0000000000000000000000000000'));
}

const ingest = (landing: Landing, ...options: string[]) =>
  endAtStage(
    ['ingest', source, '--store', store, '--threads', '1', '--json=events', '-v', ...options],
    landing,
  );

interface EntryEvent {
  readonly event: string;
  readonly outcome?: string;
  readonly digest?: string;
}

/** What is reported as stored is there, all that is there was reported, and no temp is left. */
function expectTrueReport({ stdout }: EndAtStage, before: number): Record<string, number> {
  expect(tempsIn(store)).toEqual([]);
  const objects = expectWhole(store);
  const events = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as EntryEvent & Counts & { report?: Counts });
  const stored = events.filter(({ outcome }) => outcome === 'new').map(({ digest }) => digest);
  for (const digest of stored) expect(objects).toContain(digest);
  expect(objects.length).toBe(before + stored.length);
  const last = events.at(-1)!;
  const outcomes = addedUp(last.report ?? last);
  expect(outcomes.new ?? 0).toBe(stored.length);
  return outcomes;
}

const snapshotsIn = (at: string) => fs.readdirSync(join(at, '.ingot/snapshots'));

/** A signal at a landing, `how` being the barrier; then `stored` are, where that can be known. */
interface Interruption extends Landing {
  readonly how: string;
  readonly stored?: number;
}

async function expectOrderlyEnd(
  { stage, nth, signal, how, stored }: Interruption,
  code: number,
): Promise<void> {
  makeStore();
  const ended = await ingest({ stage, nth, signal }, how);
  expect(ended).toMatchObject({ code, signal: null });
  expect(ended.stderr).toMatch(new RegExp(`ingot: ${signal}: stopping.*\\n.*interrupted.*\\n$`));
  const outcomes = expectTrueReport(ended, 1);
  // The group in flight is finished, and nothing is begun any more.
  if (stored !== undefined) expect(outcomes.new).toBe(stored);
  expect((await expectNextRunCompletes(source, store)).length).toBe(1 + FILES);
}

describe.each(SIGNALS)('%s', (signal, code) => {
  it.each<Omit<Interruption, 'signal'>>([
    { stage: 'sweep', nth: 1, how: '--barrier=auto' },
    { stage: 'walk', nth: 2, how: '--barrier=auto' },
    { stage: 'read', nth: 5, how: '--barrier=auto', stored: 5 },
    // Four files ahead of the first: no more are asked for.
    { stage: 'read', nth: 5, how: '--read-ahead=8', stored: 1 },
    { stage: 'stage', nth: 5, how: '--barrier=auto', stored: 5 },
    { stage: 'barrier', nth: 1, how: '--barrier=auto', stored: FILES },
    { stage: 'barrier', nth: 5, how: '--barrier=fsync', stored: FILES },
    { stage: 'barrier', nth: 5, how: '--durability=file', stored: 5 },
    { stage: 'publish', nth: 5, how: '--barrier=auto', stored: FILES },
  ])(
    'at $stage $nth, $how, ends an ingest, which tells what it has stored and leaves no temp',
    (interruption) => expectOrderlyEnd({ ...interruption, signal }, code),
  );

  it('while a store is created leaves one that is whole, and empty', async () => {
    const ended = await ingest({ stage: 'create', nth: 1, signal });
    expect(ended).toMatchObject({ code, signal: null });
    expect(expectTrueReport(ended, 0).new ?? 0).toBe(0);
    expect((await expectNextRunCompletes(source, store)).length).toBe(FILES);
  });

  it('at the last flush comes too late where no snapshot is made: all is durable, and said to be', async () => {
    makeStore();
    const ended = await ingest({ stage: 'flush', nth: 1, signal }, '--no-snapshot');
    expect(ended).toMatchObject({ code: 0, signal: null });
    expect(expectTrueReport(ended, 1)).toEqual({ new: FILES });
  });

  it('at the last flush leaves no snapshot, and all that was stored is durable', async () => {
    makeStore();
    const before = snapshotsIn(store);
    const ended = await ingest({ stage: 'flush', nth: 1, signal });
    expect(ended).toMatchObject({ code, signal: null });
    expect(expectTrueReport(ended, 1)).toEqual({ new: FILES });
    expect(snapshotsIn(store)).toEqual(before);
  });

  it('at a segment leaves no snapshot, at the reference comes too late for one', async () => {
    makeStore();
    const before = snapshotsIn(store);
    const early = await ingest({ stage: 'segment', nth: 1, signal });
    expect(early).toMatchObject({ code, signal: null });
    expect(expectTrueReport(early, 1)).toEqual({ new: FILES });
    expect(snapshotsIn(store)).toEqual(before);
    const late = await ingest({ stage: 'reference', nth: 1, signal });
    expect(late).toMatchObject({ code: 0, signal: null });
    expect(expectTrueReport(late, 1 + FILES)).toEqual({ duplicate: FILES });
    expect(expectWholeSnapshots(store).length).toBe(before.length + 1);
  });

  it('ends a relayout, and a second one finishes it', async () => {
    await expectNextRunCompletes(source, store);
    const args = ['relayout', '--to', 'sharded', '--store', store];
    expect(await endAtStage(args, { stage: 'move', nth: 5, signal })).toMatchObject({ code });
    expect(expectWhole(store).length).toBe(FILES);
    expect(ingot(args).code).toBe(0);
    expect(fs.readdirSync(store).filter((name) => name.length === 64)).toEqual([]);
    expect(expectWhole(store).length).toBe(FILES);
  });
});

describe('the trial of signals finds', () => {
  it.each([
    ['an exit code that tells of success', 'exitWell', /to match object \{ code: 130/],
    ['temps that stay', 'litter', NOT_EMPTY],
    [
      'objects that are told as stored, and are not',
      'forget',
      /expected \[.*\] to include '[0-9a-f]/,
    ],
  ])('%s', async (_, defect, found) => {
    plant(defect);
    const landing = { stage: 'read', nth: 5, signal: 'SIGINT', how: '--barrier=auto' } as const;
    await expect(expectOrderlyEnd(landing, 130)).rejects.toThrow(found);
  });
});
