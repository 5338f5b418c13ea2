import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { nodeFileOps } from '../../src/files/file-ops.ts';
import { demand } from '../harness/mounts.ts';
import { recordingOps } from '../harness/temp-store.ts';
import { temporaryDirectory } from '../harness/tree.ts';
import {
  blocksOf,
  digestNumber,
  enterKnown,
  FINISHED,
  GENERATION,
  identityOf,
  knownIn,
  leavePartIn,
  libc,
  openIn,
  RULES,
  recordIn,
  STATUS,
} from './recording.ts';

const PLACE = { inTree: 'd', identity: identityOf(5) };
const blocks = (n = 1) => blocksOf(PLACE, [{ name: 'f', digest: digestNumber(n) }]);
const more = () =>
  blocksOf({ inTree: 'e', identity: identityOf(6) }, [{ name: 'g', digest: digestNumber(2) }]);
const OTHER = [{ real: '/other', device: 8, inode: 3 }];

type Options = Parameters<typeof knownIn>[1];

/** What the next run knows of `f`, and of `g`, which `more` has. */
function next(folder: string, options: Options = {}) {
  const { known, records, notices } = knownIn(folder, options);
  const [file, other] = [
    ['f', PLACE] as const,
    ['g', { inTree: 'e', identity: identityOf(6) }] as const,
  ].map(([name, place]) => {
    enterKnown(known, place);
    return known.file(name, STATUS, RULES);
  });
  const { resumed, shared } = records;
  records.close({ keepPart: true });
  return { file, other, notices, resumed, readers: shared.length, damaged: known.damaged };
}

function only(folder: string): string {
  const names = fs.readdirSync(folder);
  expect(names.length).toBe(1);
  return join(folder, names[0]!);
}

const DAY_MS = 24 * 3_600_000;

function setAge(path: string, days: number): void {
  const then = (Date.now() - days * DAY_MS) / 1000;
  fs.utimesSync(path, then, then);
}

describe('a record', () => {
  it('replaces the last one when its run has ended well, and is its owner’s alone', () => {
    const folder = temporaryDirectory();
    for (const n of [1, 2]) expect(recordIn(folder, [blocks(n)])).toEqual([]);
    expect(next(folder).file?.digest).toBe(digestNumber(2));
    expect(fs.statSync(only(folder)).mode & 0o777).toBe(0o600);
  });

  it('of a run that learnt nothing is there all the same', () => {
    const folder = temporaryDirectory();
    recordIn(folder, [blocks()]);
    recordIn(folder, []);
    expect(next(folder)).toMatchObject({ file: undefined, notices: [], readers: 1 });
  });

  it.each([
    [GENERATION, false],
    ['2'.repeat(16), true],
    [undefined, true],
  ])(
    'is believed that objects are there in its generation only: now %s',
    (generation, mustLook) => {
      const folder = temporaryDirectory();
      recordIn(folder, [blocks()]);
      expect(next(folder, { generation }).file?.mustLook).toBe(mustLook);
    },
  );

  it('is not used by a run that reads all, nor changed by one that only looks', () => {
    const folder = temporaryDirectory();
    recordIn(folder, [blocks()]);
    expect(next(folder, { rescan: true })).toMatchObject({ file: undefined, readers: 0 });
    const bytes = fs.readFileSync(only(folder));
    openIn(folder, { dryRun: true }).finish(FINISHED);
    expect(fs.readFileSync(only(folder))).toEqual(bytes);
  });

  it('is found whatever the order of sources is, and not by other ones', () => {
    const folder = temporaryDirectory();
    const both = [{ real: '/a', device: 8, inode: 2 }, OTHER[0]!];
    recordIn(folder, [blocks()], { sources: both });
    expect(next(folder, { sources: both.toReversed() }).file).toBeDefined();
    const foreign = [{ real: '/foreign', device: 9, inode: 2 }];
    expect(next(folder, { sources: foreign })).toMatchObject({ file: undefined, readers: 0 });
  });

  it.each([
    ['lies in one of its sources', '/source/inside', 9, 9],
    ['has one of its sources in it', '/', 9, 9],
    ['is one of its sources, moved', '/moved', 8, 2],
  ])('is used for a source that %s', (_, real, device, inode) => {
    const folder = temporaryDirectory();
    recordIn(folder, [blocks()]);
    const sources = [{ real, device, inode }];
    expect(next(folder, { sources }).file).toBeDefined();
  });

  it.each(['/sourc', '/source2', '/other/source'])('is not used for %s', (real) => {
    const folder = temporaryDirectory();
    recordIn(folder, [blocks()]);
    const sources = [{ real, device: 0, inode: 0 }];
    expect(next(folder, { sources }).readers).toBe(0);
  });

  it('of overlapping sources counts the newest, and not more than a few', async () => {
    const folder = temporaryDirectory();
    for (let n = 0; n < 8; n++) {
      const sources = [{ real: `/source/${n}`, device: 0, inode: 0 }];
      recordIn(folder, [blocks(n)], { sources });
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    const found = next(folder);
    expect(found.file?.digest).toBe(digestNumber(7));
    expect(found.readers).toBeLessThan(8);
  });

  it('that nobody has used for 90 days goes, and with it what stands beside it', () => {
    const folder = temporaryDirectory();
    const named = (letter: string) => letter.repeat(32);
    const names = {
      [named('a')]: 91,
      [named('b')]: 89,
      [`${named('c')}.part-${'0'.repeat(16)}`]: 91,
      [`${named('d')}.part-${'0'.repeat(16)}`]: 89,
      'somebody’s own': 91,
    };
    for (const [name, days] of Object.entries(names)) {
      fs.writeFileSync(join(folder, name), '');
      setAge(join(folder, name), days);
    }
    recordIn(folder, [blocks()]);
    const left = Object.keys(names).filter((name) => fs.existsSync(join(folder, name)));
    expect(left).toEqual(Object.keys(names).filter((name) => /^[bds]/.test(name)));
  });
});

describe('the part of a run', () => {
  it('that did not come to its end is used, its objects are looked for, and it goes', () => {
    const folder = temporaryDirectory();
    const before = Date.now();
    leavePartIn(folder, [blocks()]);
    const { file, resumed } = next(folder);
    expect(file).toMatchObject({ digest: digestNumber(1), mustLook: true, isPart: true });
    expect(resumed!.begun).toBeGreaterThanOrEqual(before);
    expect(resumed!.begun).toBeLessThanOrEqual(Date.now());
    expect(only(folder)).toMatch(/\.part-[0-9a-f]{16}$/);
    recordIn(folder, [blocks(2)]);
    expect(only(folder)).toMatch(/\/[0-9a-f]{32}$/);
    expect(next(folder)).toMatchObject({ resumed: undefined, file: { isPart: false } });
  });

  it('that lives is not used', () => {
    const folder = temporaryDirectory();
    const alive = openIn(folder);
    alive.add(blocks());
    expect(next(folder)).toMatchObject({ file: undefined, resumed: undefined, notices: [] });
    recordIn(folder, [more()]);
    expect(fs.readdirSync(folder).length).toBe(2);
    alive.finish(FINISHED);
    expect(only(folder)).toMatch(/\/[0-9a-f]{32}$/);
    expect(next(folder).file?.digest).toBe(digestNumber(1));
  });

  it('that another run has locked first is given up for a new one', () => {
    const folder = temporaryDirectory();
    let attempts = 0;
    const held = (failing: number) => ({
      ...libc,
      tryLock: (...given: Parameters<typeof libc.tryLock>) =>
        ++attempts > failing && libc.tryLock(...given),
    });
    const records = openIn(folder, { libc: held(2) });
    expect(attempts).toBe(3);
    records.add(blocks());
    expect(fs.readdirSync(folder).length).toBe(1);
    expect(next(folder)).toMatchObject({ file: undefined, resumed: undefined });
    records.close({ keepPart: false });
    attempts = 0;
    expect(recordIn(folder, [blocks()], { libc: held(3) })).toEqual([
      'cannot keep a record of this run (other runs lock it): the next one reads all again',
    ]);
    expect(fs.readdirSync(folder)).toEqual([]);
  });

  it('that another run goes on with is not used by a third', () => {
    const folder = temporaryDirectory();
    leavePartIn(folder, [blocks()]);
    const second = openIn(folder);
    expect(second.resumed).toBeDefined();
    expect(next(folder)).toMatchObject({ file: undefined, resumed: undefined });
    second.close({ keepPart: false });
    expect(next(folder).file).toBeDefined();
  });

  it('goes before the record of an older run, which shows what it does not', () => {
    const folder = temporaryDirectory();
    recordIn(folder, [blocks(1), more()]);
    leavePartIn(folder, [blocks(2)]);
    const { file, other } = next(folder);
    expect(file).toMatchObject({ digest: digestNumber(2), isPart: true });
    expect(other).toMatchObject({ isPart: false, mustLook: false });
  });

  it('whose flush has failed is removed', () => {
    const folder = temporaryDirectory();
    const records = openIn(folder);
    records.add(blocks());
    records.close({ keepPart: false });
    expect(fs.readdirSync(folder)).toEqual([]);
  });

  it('is used as far as it goes where its last block is torn', () => {
    const folder = temporaryDirectory();
    leavePartIn(folder, [blocks(), more()]);
    const path = only(folder);
    fs.truncateSync(path, fs.statSync(path).size - 1);
    expect(next(folder)).toMatchObject({
      ...{ file: expect.anything(), other: undefined, notices: [], damaged: 0 },
    });
  });

  it.each<[string, string | Buffer]>([
    ['nothing', ''],
    ['a line', 'no record\n'],
    ['zeros', Buffer.alloc(4096)],
  ])(
    'of which only %s is left goes with the next run that ends well, without a notice',
    (_, bytes) => {
      const folder = temporaryDirectory();
      leavePartIn(folder, [blocks()]);
      fs.writeFileSync(only(folder), bytes);
      expect(next(folder)).toMatchObject({ file: undefined, notices: [], resumed: undefined });
      expect(recordIn(folder, [blocks()])).toEqual([]);
      expect(only(folder)).toMatch(/\/[0-9a-f]{32}$/);
    },
  );

  it('goes with a run that reads all, whatever it says', () => {
    const folder = temporaryDirectory();
    leavePartIn(folder, [blocks(1)]);
    const { file, resumed } = next(folder, { rescan: true });
    expect([file, resumed]).toEqual([undefined, undefined]);
    recordIn(folder, [blocks(2)], { rescan: true });
    expect(next(folder).file?.digest).toBe(digestNumber(2));
    expect(only(folder)).toMatch(/\/[0-9a-f]{32}$/);
  });

  it('is one of a few that a run looks at, however many were cut off', () => {
    const folder = temporaryDirectory();
    leavePartIn(folder, []);
    const path = only(folder);
    for (let n = 0; n < 200; n++)
      fs.copyFileSync(path, path.replace(/.{16}$/, String(n).padStart(16, '0')));
    // The one that knows the most, which is not the newest.
    leavePartIn(folder, [blocks()]);
    for (const name of fs.readdirSync(folder).filter((_, n) => n % 2 === 0))
      setAge(join(folder, name), 1);
    const { file, readers } = next(folder);
    expect(file).toBeDefined();
    expect(readers).toBeLessThan(20);
    recordIn(folder, [blocks()]);
    expect(only(folder)).toMatch(/\/[0-9a-f]{32}$/);
  });
});

describe('in the place of a record', () => {
  const named = (make: (path: string) => void) => {
    const folder = temporaryDirectory();
    recordIn(folder, [blocks()]);
    const path = only(folder);
    const bytes = fs.readFileSync(path);
    fs.rmSync(path);
    make(path);
    return { folder, path, bytes };
  };
  const again = (folder: string) => {
    const { file, notices } = next(folder);
    expect(file).toBeUndefined();
    expect(notices.length).toBe(1);
    expect(notices[0]).toMatch(
      /^cannot use the record of an earlier run \([^\n]*\), so all is read: \//,
    );
    return recordIn(folder, [blocks()]);
  };

  it.each<[string, (path: string) => void]>([
    ['a link to nowhere', (path) => fs.symlinkSync('nowhere', path)],
    ['a fifo', (path) => execFileSync('mkfifo', [path])],
    ['an empty file', (path) => fs.writeFileSync(path, '')],
    ['zeros', (path) => fs.writeFileSync(path, Buffer.alloc(1 << 20))],
    ['a long line', (path) => fs.writeFileSync(path, 'x'.repeat(3 << 20))],
    ['another line', (path) => fs.writeFileSync(path, '{"record":1}\n')],
    ['no object', (path) => fs.writeFileSync(path, 'null\n')],
  ])('%s is replaced, with a notice', (_, make) => {
    const { folder, path } = named(make);
    // The run that finds it says so, too.
    expect(again(folder).length).toBe(1);
    expect(fs.lstatSync(path).isFile()).toBe(true);
    expect(next(folder)).toMatchObject({ file: { digest: digestNumber(1) }, notices: [] });
  });

  it('a link is not followed, wherever it leads', () => {
    const elsewhere = join(temporaryDirectory(), 'record');
    const { folder, path, bytes } = named((at) => fs.symlinkSync(elsewhere, at));
    fs.writeFileSync(elsewhere, bytes);
    again(folder);
    expect(fs.lstatSync(path).isFile()).toBe(true);
    expect(fs.readFileSync(elsewhere)).toEqual(bytes);
  });

  it('a directory stays, with two notices', () => {
    const { folder, path } = named((at) => fs.mkdirSync(join(at, 'in'), { recursive: true }));
    const notices = again(folder);
    expect(notices[1]).toMatch(/^cannot keep a record of this run \(EISDIR\): /);
    expect(fs.readdirSync(folder)).toEqual([path.split('/').at(-1)]);
  });

  it('another version of one is replaced', () => {
    const { folder, path, bytes } = named(() => {});
    const text = bytes.toString('latin1').replace('{"record":1,', '{"record":2,');
    fs.writeFileSync(path, Buffer.from(text, 'latin1'));
    expect(next(folder).notices).toEqual([expect.stringContaining('(its format is 2)')]);
    again(folder);
    expect(next(folder).file).toBeDefined();
  });

  it('another user’s file is not believed', (context) => {
    demand(context, process.getuid?.() === 0, 'only root can give files away');
    const { folder, path, bytes } = named(() => {});
    fs.writeFileSync(path, bytes);
    expect(next(folder).file).toBeDefined();
    fs.chownSync(path, 1234, 1234);
    // It is none of ours, and no defect either.
    expect(next(folder)).toMatchObject({ file: undefined, notices: [], readers: 0 });
    recordIn(folder, [blocks()]);
    expect(fs.statSync(path).uid).toBe(0);
    expect(next(folder).file).toBeDefined();
    leavePartIn(folder, [blocks(2)]);
    for (const name of fs.readdirSync(folder)) fs.chownSync(join(folder, name), 1234, 1234);
    expect(next(folder).file).toBeUndefined();
  });
});

describe('a folder', () => {
  it('that cannot be had is reported, and that is all', () => {
    const folder = () => {
      throw Object.assign(new Error('EACCES: no'), { code: 'EACCES' });
    };
    const records = openIn('/', { folder });
    expect(records.takeNotices()).toEqual([
      'cannot keep a record of this run (EACCES): the next one reads all again',
    ]);
    records.add(blocks());
    records.finish(FINISHED);
    expect(records.isWritten).toBe(false);
  });

  it('that is not there has no records', () => {
    const records = openIn('/', { folder: () => undefined });
    expect([records.takeNotices(), records.shared]).toEqual([[], []]);
  });

  it.each(['openSync', 'writeSync', 'renameSync', 'closeSync'] as const)(
    'in which %s fails costs the record, never the run',
    (call) => {
      const folder = temporaryDirectory();
      recordIn(folder, [blocks(1)]);
      let isFailing = false;
      const { ops } = recordingOps(({ name }) =>
        isFailing && name === call
          ? Object.assign(new Error('ENOSPC: full'), { code: 'ENOSPC' })
          : undefined,
      );
      isFailing = call === 'openSync';
      const records = openIn(folder, { ops });
      isFailing = true;
      records.add(blocks(2));
      records.finish(FINISHED);
      isFailing = false;
      records.close({ keepPart: true });
      for (const notice of records.takeNotices())
        expect(notice).toMatch(/^cannot (keep|use) (a|the) record [^\n]*\(ENOSPC\)/);
      const names = fs.readdirSync(folder);
      expect(names.filter((name) => name.includes('.part-'))).toEqual([]);
      // The one of before is left, or the new one is whole.
      expect(next(folder)).toMatchObject({ notices: [], file: { digest: expect.anything() } });
    },
  );

  it('on which nobody can lock still has records', () => {
    const folder = temporaryDirectory();
    const refusing = {
      tryLock: () => {
        throw Object.assign(new Error('ENOLCK: no'), { code: 'ENOLCK' });
      },
    };
    const records = openIn(folder, { libc: refusing as never, ops: nodeFileOps });
    onTestFinished(() => records.close({ keepPart: false }));
    expect(records.takeNotices().length).toBe(1);
    expect(fs.readdirSync(folder)).toEqual([]);
  });
});
