/** What becomes of records costs time: the run succeeds, and its snapshot is right. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, type TestContext } from 'vitest';
import { demand, demandMounts, unmount } from '../harness/mounts.ts';
import { ingot, script, UNPRIVILEGED } from '../harness/run.ts';
import { expectWholeSnapshots } from '../harness/store-checks.ts';
import { type Again, expectCopy, ingestAgain, LATER, recordsIn, sourceAndStore } from './again.ts';

const TREE = {
  ...Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`d${n % 3}/f${n}`, `${n}`])),
  ...{ link: { symlink: 'd0/f0' } },
};
const ALL = { unchanged: 20, link: 1 };
const READ = { duplicate: 20, link: 1 };

function ingested() {
  const made = sourceAndStore(TREE);
  ingestAgain(made.store, made.source);
  return { ...made, record: recordsIn(made.store)[0]! };
}

const folderOf = (store: string) => join(store, '.ingot/records');

/** One line of each that matches, and no more. */
function expectNotices({ notices }: Again, ...lines: readonly RegExp[]): void {
  expect(notices.length, notices.join('\n')).toBe(lines.length);
  for (const [n, line] of lines.entries()) expect(notices[n]).toMatch(line);
}

const CANNOT_USE =
  /^ingot: note: cannot use the record of an earlier run \([^\n]+\), so all is read: \//;
const CANNOT_KEEP =
  /^ingot: note: cannot keep a record of this run \([^\n]+\): the next one reads all again$/;
const IS_DAMAGED = /^ingot: note: the record of an earlier run is damaged: /;

/** A later run knows all again. */
async function expectHealed(source: string, store: string): Promise<void> {
  await expectCopy(store, source);
  const next = ingestAgain(store, source);
  expect(next.outcomes).toEqual(ALL);
  expectNotices(next);
  await expectCopy(store, source);
  expectWholeSnapshots(store);
}

describe('a record', () => {
  it.each<[string, (record: string, store: string) => void]>([
    ['deleted', (record) => fs.rmSync(record)],
    ['deleted with its folder', (_, store) => fs.rmSync(folderOf(store), { recursive: true })],
  ])('that is %s is made again, without a word', async (_, spoil) => {
    const { source, store, record } = ingested();
    spoil(record, store);
    const again = ingestAgain(store, source);
    expect(again.outcomes).toEqual(READ);
    expectNotices(again);
    await expectHealed(source, store);
  });

  it.each<[string, (record: string) => void]>([
    ['empty', (record) => fs.truncateSync(record)],
    ['cut short', (record) => fs.truncateSync(record, fs.statSync(record).size - 1)],
    ['of zeros', (record) => fs.writeFileSync(record, Buffer.alloc(fs.statSync(record).size))],
    [
      'a link',
      (record) => {
        fs.rmSync(record);
        fs.symlinkSync('/etc/passwd', record);
      },
    ],
    [
      'a fifo',
      (record) => {
        fs.rmSync(record);
        execFileSync('mkfifo', [record]);
      },
    ],
  ])('that is %s is passed over with one notice', async (_, spoil) => {
    const { source, store, record } = ingested();
    spoil(record);
    const again = ingestAgain(store, source);
    expect(again.outcomes).toEqual(READ);
    expectNotices(again, CANNOT_USE);
    await expectHealed(source, store);
  });

  it('of which one block is damaged is used for the others, with one notice', async () => {
    const { source, store, record } = ingested();
    const bytes = fs.readFileSync(record);
    // In the first entry of the last block.
    bytes[bytes.lastIndexOf('!blk') + 100]! ^= 1;
    fs.writeFileSync(record, bytes);
    const again = ingestAgain(store, source);
    expect(again.outcomes.duplicate).toBeGreaterThan(0);
    expect(again.outcomes.unchanged).toBeGreaterThan(0);
    expectNotices(again, IS_DAMAGED);
    await expectHealed(source, store);
  });

  it('in whose place a directory lies is missing, with a notice of either', async () => {
    const { source, store, record } = ingested();
    fs.rmSync(record);
    fs.mkdirSync(record);
    const again = ingestAgain(store, source);
    expect(again.outcomes).toEqual(READ);
    expectNotices(again, CANNOT_USE, CANNOT_KEEP);
    await expectCopy(store, source);
    fs.rmdirSync(record);
    ingestAgain(store, source);
    await expectHealed(source, store);
  });

  it.each<[string, RegExp, (store: string) => void]>([
    ['a file', /\(EEXIST\)/, (store) => fs.writeFileSync(folderOf(store), '')],
    ['a link', /\([a-z ]*link[a-z ]*\)/, (store) => fs.symlinkSync('/', folderOf(store))],
  ])('whose folder is %s is missing, with a notice', async (_, why, make) => {
    const { source, store } = ingested();
    fs.rmSync(folderOf(store), { recursive: true });
    make(store);
    const again = ingestAgain(store, source);
    expect(again.outcomes).toEqual(READ);
    expectNotices(again, CANNOT_KEEP);
    expect(again.notices[0]).toMatch(why);
    await expectCopy(store, source);
    fs.rmSync(folderOf(store));
    ingestAgain(store, source);
    await expectHealed(source, store);
  });
});

describe('as a user without root’s powers', () => {
  /** As `ingestAgain` has it. */
  function ingestAs(store: string, source: string) {
    const flags = `--store '${store}' --json --threads 2`;
    const env = { NODE_OPTIONS: `--import ${LATER}` };
    const ended = script(`${UNPRIVILEGED} $INGOT ingest '${source}' ${flags}`, { env });
    expect(ended.code, ended.stderr).toBe(0);
    const { outcomes } = JSON.parse(ended.stdout);
    const notices = ended.stderr.split('\n').filter((line) => line !== '');
    return { outcomes: outcomes as Record<string, number>, notices };
  }

  it('a record that may not be read is replaced, with a notice', () => {
    const { source, store, record } = ingested();
    fs.chmodSync(record, 0);
    const { outcomes, notices } = ingestAs(store, source);
    expect(outcomes).toMatchObject({ duplicate: 20, unchanged: 0 });
    expect(notices).toEqual([expect.stringMatching(/\(EACCES\)/)]);
    expect(ingestAs(store, source)).toMatchObject({ outcomes: { unchanged: 20 }, notices: [] });
  });

  /** The folder becomes another user's. */
  function giveAway(context: Pick<TestContext, 'skip'>, store: string, mode: number): void {
    demand(context, process.getuid?.() === 0, 'only root can give folders away');
    fs.chownSync(folderOf(store), 1234, 1234);
    fs.chmodSync(folderOf(store), mode);
  }

  it('a folder that may not be written to keeps the old record, with a notice', (context) => {
    const { source, store } = ingested();
    giveAway(context, store, 0o755);
    for (let n = 0; n < 2; n++) {
      const { outcomes, notices } = ingestAs(store, source);
      expect(outcomes).toMatchObject({ duplicate: 0, unchanged: 20 });
      expect(notices).toEqual([expect.stringMatching(CANNOT_KEEP)]);
    }
  });

  it('a folder that may not be looked at costs the record, with a notice', (context) => {
    const { source, store } = ingested();
    giveAway(context, store, 0o700);
    const { outcomes, notices } = ingestAs(store, source);
    expect(outcomes).toMatchObject({ duplicate: 20, unchanged: 0 });
    expect(notices).toEqual([expect.stringMatching(CANNOT_KEEP)]);
  });

  it('a folder whose rights its owner has lost is its own again', () => {
    const { source, store } = ingested();
    fs.chmodSync(folderOf(store), 0);
    expect(ingestAs(store, source)).toMatchObject({ outcomes: { unchanged: 20 }, notices: [] });
  });
});

describe('a disk that is full for the record alone', () => {
  /** The folder of records gets a disk of its own, with so much room. */
  function mountRecords(store: string, options: string): void {
    const folder = folderOf(store);
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder], { stdio: 'pipe' });
    onTestFinished(() => unmount(folder));
  }

  it.for(['size=4k', 'nr_inodes=2'])(
    '(%s) costs the record, with a notice',
    async (room, context) => {
      demandMounts(context);
      const names = Array.from({ length: 200 }, (_, n) => [`d${n % 7}/f${n}`, `${n}`] as const);
      const { source, store } = sourceAndStore(Object.fromEntries(names));
      ingestAgain(store, source);
      mountRecords(store, room);
      if (room.startsWith('nr_inodes')) fs.writeFileSync(join(folderOf(store), 'full'), '');
      for (let n = 0; n < 2; n++) {
        const again = ingestAgain(store, source);
        expect(again.outcomes).toEqual({ duplicate: 200 });
        expectNotices(again, CANNOT_KEEP);
        expect(recordsIn(store).filter((path) => !path.endsWith('/full'))).toEqual([]);
      }
      await expectCopy(store, source);
    },
  );
});

describe('records', () => {
  it('that are of no use go with the folder, and `verify` has nothing to say of them', () => {
    const { store, record } = ingested();
    fs.writeFileSync(record, 'no record');
    expect(ingot(['verify', '--store', store, '-q'])).toMatchObject({ code: 0, stderr: '' });
  });
});
