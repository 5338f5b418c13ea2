import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { demandNamelessTemps, demandProgram } from '../harness/mounts.ts';
import { ingot, tempsIn } from '../harness/run.ts';
import {
  expectFailure,
  expectNextRunCompletes,
  expectWhole,
  outcomesOf,
} from '../harness/store-checks.ts';
import {
  type Injected,
  type Injection,
  ingotInjected,
  NAMED_TEMPS,
  tempPath,
} from '../harness/strace.ts';
import { makeTree, temporaryDirectory } from '../harness/tree.ts';

const FILES = 20;
/** The number of a large file's temp: batches give it back, and one temp was to share its blocks. */
const LARGE = FILES + 1;

let source: string;
let store: string;
beforeEach((context) => {
  demandProgram(context, 'strace');
  const names = Array.from({ length: FILES }, (_, n) => [`f${n}`, `content ${n}`] as const);
  source = makeTree(Object.fromEntries(names));
  store = join(temporaryDirectory(), 's');
});

/** One worker and one batch: every object of the run is in one group. */
const run = (injection: Injection, ...options: string[]): Injected =>
  ingotInjected(
    ['ingest', source, '--store', store, '--threads', '1', '--json', '--no-progress', ...options],
    injection,
  );

/** The same where small contents are staged in temps with names, as large ones are everywhere. */
const runNamed = (injection: Injection, ...options: string[]): Injected =>
  run({ ...injection, imports: [NAMED_TEMPS] }, ...options);

/** Nothing of the group is in the store, all of it is counted as such, and nothing is in the way. */
async function expectGroupDropped(ended: Injected, line: RegExp, entries = FILES): Promise<void> {
  expectFailure(ended, line);
  expect(outcomesOf(ended)).toEqual({ unfinished: entries });
  expect(expectWhole(store)).toEqual([]);
  expect((await expectNextRunCompletes(source, store)).length).toBe(entries);
}

/** What the store asks once when it is opened is not of the group. */
const ASKED_ONCE = /\/tried"|syncfs\(-1/;

const callsOf = (ended: Injected, name: string) =>
  ended.calls.filter((call) => call.includes(` ${name}(`) && !ASKED_ONCE.test(call));

describe('a system call on a source that fails without harm', () => {
  it.each([
    ['what a close of it fails with', 'close:error=EIO'],
    ['a signal while it is looked at', 'statx:error=EINTR:when=1'],
  ])('changes nothing: %s', (_, inject) => {
    const ended = run({ inject, on: [join(source, 'f7')] });
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(callsOf(ended, inject.split(':')[0]!).length).toBeGreaterThan(0);
    expect(outcomesOf(ended)).toEqual({ new: FILES });
    expect(expectWhole(store).length).toBe(FILES);
  });

  it('a lease that its holder gives back changes nothing', () => {
    const file = join(source, 'f7');
    const options = ['--store', store, '--threads', '1', '--json', '--no-progress'];
    // Opened by its path, which strace can tell.
    const inject = 'open,openat:error=EAGAIN:when=1';
    const ended = ingotInjected(['ingest', file, ...options], { inject, on: [file] });
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(outcomesOf(ended)).toEqual({ new: 1 });
  });

  it('a signal while an object gets its name changes nothing', () => {
    const inject = 'renameat2:error=EINTR:when=1';
    const ended = run({ inject, on: [tempPath(store, 7)] }, '--durability', 'none');
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(callsOf(ended, 'renameat2').length).toBe(2);
    expect(expectWhole(store).length).toBe(FILES);
  });
});

describe('a system call that fails on one temp', () => {
  it.each([
    ['write', 'EDQUOT', /quota on the disk of \S+\/s is used up/],
    ['write', 'EIO', /cannot write an object: \S+\/s\/\.tmp-/],
    ['openat', 'EMFILE', /too many open files.*ulimit -n/],
    ['openat', 'ENOSPC', /the disk of \S+\/s /],
    ['close', 'EIO', /\/s\b/],
  ])('drops its group: %s with %s', async (syscall, error, line) => {
    const ended = runNamed({ inject: `${syscall}:error=${error}`, on: [tempPath(store, 7)] });
    await expectGroupDropped(ended, new RegExp(`\\(${error}\\)`));
    expect(ended.stderr).toMatch(line);
  });

  it('drops it when it was to get its name, although others have theirs', async () => {
    const ended = runNamed({ inject: 'rename:error=EIO', on: [tempPath(store, 7)] });
    expectFailure(ended, /cannot publish an object: \S+\/s\/[0-9a-f]{64}.*\(EIO\)/);
    expect(outcomesOf(ended)).toEqual({ unfinished: FILES });
    // Those that have theirs are durable and whole: they save the next run some work.
    expect(expectWhole(store).length).toBeLessThan(FILES);
    expect((await expectNextRunCompletes(source, store)).length).toBe(FILES);
  });

  it('drops a large file that is being written', async () => {
    makeTree({ large: randomBytes(9 << 20) }, source);
    const ended = runNamed({ inject: 'write,pwrite64:error=EIO', on: [tempPath(store, LARGE)] });
    expectFailure(ended, /cannot write an object.*\(EIO\)/);
    expect(outcomesOf(ended)).toEqual({ new: FILES, unfinished: 1 });
    expect(expectWhole(store).length).toBe(FILES);
    await expectNextRunCompletes(source, store);
  });
});

describe('a system call on a temp without a name', () => {
  beforeEach((context) => demandNamelessTemps(context, 1));
  const folder = () => join(tempPath(store, 0), '..');

  it.each([
    ['EMFILE', /too many open files.*ulimit -n/],
    ['ENOSPC', /the disk of \S+\/s /],
    ['EIO', /cannot write an object: \S+\/s\/\.tmp-/],
  ])('drops the group when it cannot be made: %s', async (error, line) => {
    const ended = run({ inject: `openat:error=${error}:when=8`, on: [folder()] });
    await expectGroupDropped(ended, new RegExp(`\\(${error}\\)`));
    expect(ended.stderr).toMatch(line);
  });

  it.each(['EIO', 'ENOSPC', 'EDQUOT'])(
    'drops those that have no name when one cannot get it: %s',
    async (error) => {
      const ended = run({ inject: `linkat:error=${error}:when=8` });
      expectFailure(
        ended,
        new RegExp(`cannot publish an object: \\S+/s/[0-9a-f]{64}.*\\(${error}\\)`),
      );
      expect(callsOf(ended, 'linkat').length).toBe(8);
      expect(outcomesOf(ended)).toEqual({ unfinished: FILES });
      expect(expectWhole(store).length).toBe(7);
      expect((await expectNextRunCompletes(source, store)).length).toBe(FILES);
    },
  );

  it('is made by the path of the descriptor where it may not be by the descriptor itself', () => {
    const ended = run({ inject: 'linkat:error=ENOENT:when=8' });
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    const paths = callsOf(ended, 'linkat').map((call) => /"(.*?)"/.exec(call)![1]);
    const byDescriptor = Array.from({ length: 8 }, () => '');
    const byPath = Array.from({ length: FILES - 7 }, () =>
      expect.stringMatching(/^\/proc\/self\/fd\/\d+$/),
    );
    expect(paths).toEqual([...byDescriptor, ...byPath]);
    expect(outcomesOf(ended)).toEqual({ new: FILES });
    expect(expectWhole(store).length).toBe(FILES);
  });

  it('drops those that have no name when neither way gives one', async () => {
    const ended = run({ inject: 'linkat:error=ENOENT:when=8+' });
    expectFailure(ended, /cannot publish an object: \S+\/s\/[0-9a-f]{64}.*\(ENOENT\)/);
    expect(callsOf(ended, 'linkat').length).toBe(9);
    expect(outcomesOf(ended)).toEqual({ unfinished: FILES });
    expect(expectWhole(store).length).toBe(7);
  });

  it('makes a duplicate of what has its name by then, which it replaces', () => {
    const trace = ['rename'];
    const ended = run({ inject: 'linkat:error=EEXIST:when=8', trace });
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(callsOf(ended, 'linkat').length).toBe(FILES + 1);
    const renamed = callsOf(ended, 'rename').filter((call) => /"[^"]*\/[0-9a-f]{64}"/.test(call));
    expect(renamed.length).toBe(1);
    expect(outcomesOf(ended)).toEqual({ new: FILES - 1, duplicate: 1 });
    expect(expectWhole(store).length).toBe(FILES);
  });

  it.each(['EOPNOTSUPP', 'EISDIR', 'EINVAL'])(
    'changes nothing where the file system has none: %s',
    (error) => {
      vi.stubEnv('NO_NAMELESS', error);
      onTestFinished(() => void vi.unstubAllEnvs());
      // strace has to have something to do: no close of a source fails anything.
      const inject = 'close:error=EIO';
      const ended = runNamed({ inject, on: [join(source, 'f7')], trace: ['linkat', 'rename'] });
      expect(ended).toMatchObject({ code: 0, stderr: '' });
      expect(callsOf(ended, 'linkat')).toEqual([]);
      expect(outcomesOf(ended)).toEqual({ new: FILES });
      expect(expectWhole(store).length).toBe(FILES);
    },
  );
});

describe('a folder that cannot be made', () => {
  it.each(['EIO', 'EDQUOT'])('is told with its own error: %s', async (error) => {
    // Node's recursive mkdir would make ENOENT of it.
    const ended = run({ inject: `mkdir:error=${error}`, on: [join(tempPath(store, 0), '..')] });
    await expectGroupDropped(
      ended,
      new RegExp(`folder for a worker's temps: \\S+/1: .*\\(${error}\\)`),
    );
  });
});

describe('a flush that fails', () => {
  const trace = ['syncfs', 'fsync', 'rename', 'linkat'];

  it('is made once, and nothing of the group is renamed: syncfs', async () => {
    const ended = run({ inject: 'syncfs:error=EIO', trace }, '--barrier', 'syncfs');
    expect(callsOf(ended, 'syncfs').length).toBe(1);
    // Only what creates the store is flushed, and before.
    const [flush] = callsOf(ended, 'syncfs');
    const after = ended.calls.slice(ended.calls.indexOf(flush!) + 1);
    expect(after.filter((call) => call.includes(store))).toEqual([]);
    await expectGroupDropped(
      ended,
      new RegExp(`cannot make objects durable: ${store}: .*\\(EIO\\)`),
    );
  });

  it('is made once a temp, and nothing of the group is renamed: fsync of open temps', async () => {
    const temps = Array.from({ length: FILES }, (_, n) => tempPath(store, n));
    const ended = run({ inject: 'fsync:error=EIO', on: temps, trace }, '--barrier', 'fsync');
    expect(callsOf(ended, 'fsync').length).toBe(FILES);
    expect(callsOf(ended, 'rename')).toEqual([]);
    await expectGroupDropped(
      ended,
      new RegExp(`cannot make objects durable: ${store}: .*\\(EIO\\)`),
    );
  });

  it('drops the group although only one temp of it failed', async () => {
    const on = [tempPath(store, 7)];
    const ended = run({ inject: 'fsync:error=ENOSPC', on, trace }, '--barrier', 'fsync');
    expect(ended.calls.filter((call) => call !== '').length).toBe(1);
    await expectGroupDropped(ended, /cannot make objects durable.*\(ENOSPC\)/);
  });

  it('ends the run at once where each temp is flushed on its own', async () => {
    const temps = Array.from({ length: FILES }, (_, n) => tempPath(store, n));
    const ended = run(
      { inject: 'fsync:error=EIO:when=8', on: temps, trace },
      '--durability',
      'file',
    );
    expect(callsOf(ended, 'fsync').length).toBe(8);
    expect(callsOf(ended, 'rename')).toEqual([]);
    await expectGroupDropped(
      ended,
      new RegExp(`cannot make objects durable: ${store}: .*\\(EIO\\)`),
    );
  });

  it('of the names takes back what was counted as stored', async () => {
    // The first makes the new store durable, the second the names in it.
    const ended = run({ inject: 'fsync:error=EIO:when=2', on: [store] });
    expectFailure(ended, /cannot make the names of objects durable: \S+\/s: .*\(EIO\)/);
    expect(outcomesOf(ended)).toEqual({ unfinished: FILES });
    expectWhole(store);
    await expectNextRunCompletes(source, store);
  });

  it('of the names takes back what was stored before another failure, too', async () => {
    makeTree({ large: randomBytes(9 << 20) }, source);
    const on = [store, tempPath(store, LARGE)];
    const inject = ['fsync:error=EIO:when=2', 'write,pwrite64:error=ENOSPC'];
    const ended = runNamed({ inject, on });
    expectFailure(ended, /cannot write an object.*\(ENOSPC\)/);
    expect(outcomesOf(ended)).toEqual({ unfinished: FILES + 1 });
    await expectNextRunCompletes(source, store);
  });
});

describe('a source', () => {
  it('that gives EIO is named and counted, and the others are stored', () => {
    // Files are opened below their directory: strace tells the opening by that, and by its turn.
    for (const [inject, on] of [
      ['read:error=EIO', join(source, 'f7')],
      ['openat:error=EIO:when=7', source],
      ['openat:error=EPERM:when=7', source],
    ] as const) {
      const ended = run({ inject, on: [on] });
      expect(ended.stderr).toMatch(
        new RegExp(`^ingot: unreadable: [^\\n]*${source}/f\\d+: [^\\n]*E(IO|PERM)[^\\n]*\\n$`),
      );
      expect(ended.code).toBe(3);
      expect(outcomesOf(ended)).toMatchObject({ unreadable: 1 });
      expect(expectWhole(store).length).toBe(FILES - 1);
      fs.rmSync(store, { recursive: true });
    }
  });

  it('that is large and gives EIO half-way is named, and leaves no temp', () => {
    const large = join(makeTree({ large: randomBytes(9 << 20) }, source), 'large');
    const ended = run({ inject: 'read:error=EIO:when=3', on: [large] });
    expect(ended.stderr).toMatch(
      new RegExp(`^ingot: unreadable: [^\\n]*${large}: [^\\n]*EIO[^\\n]*\\n$`),
    );
    expect(ended.code).toBe(3);
    expect(outcomesOf(ended)).toEqual({ new: FILES, unreadable: 1 });
    expect(tempsIn(store)).toEqual([]);
    expect(expectWhole(store).length).toBe(FILES);
  });

  it('that is large and cannot be looked at once it is open is named, too', () => {
    const large = join(makeTree({ large: randomBytes(9 << 20) }, source), 'large');
    const ended = run({ inject: 'statx:error=EIO:when=3', on: [large] });
    expect(ended.stderr).toMatch(
      new RegExp(`^ingot: unreadable: [^\\n]*${large}: [^\\n]*EIO[^\\n]*\\n$`),
    );
    expect(ended.code).toBe(3);
    expect(outcomesOf(ended)).toEqual({ new: FILES, unreadable: 1 });
  });

  it('whose reading a signal interrupts is read again', () => {
    const large = join(makeTree({ large: randomBytes(9 << 20) }, source), 'large');
    for (const [inject, on] of [
      ['openat:error=EINTR:when=7', [source]],
      ['openat2:error=EINTR:when=1', [source]],
      ['read:error=EINTR:when=1', [join(source, 'f7'), large]],
    ] as const) {
      const ended = run({ inject, on });
      expect(ended).toMatchObject({ code: 0, stderr: '' });
    }
    expect(expectWhole(store).length).toBe(FILES + 1);
  });
});

describe('the metadata of a store', () => {
  it('whose listing a signal interrupts is listed again', () => {
    expect(ingot(['ingest', source, '--store', store, '-q']).code).toBe(0);
    const ended = run({ inject: 'getdents64:error=EINTR:when=1', on: [store] });
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(outcomesOf(ended)).toEqual({ duplicate: FILES });
  });

  it('that a signal interrupts is read again', () => {
    const inject = 'read:error=EINTR:when=1';
    const ended = run({ inject, on: [join(store, '.ingot', 'store.json')] });
    expect(ended).toMatchObject({ code: 0, stderr: '' });
  });

  it('that is only a hint fails nothing', () => {
    makeTree({ large: randomBytes(9 << 20) }, source);
    const ended = run({ inject: 'openat:error=EACCES', on: [join(store, '.ingot', 'large')] });
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(expectWhole(store).length).toBe(FILES + 1);
  });
});
