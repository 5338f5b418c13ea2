/** A second ingest of a tree reads what has changed, and the snapshot is what is on disk. */
import fs from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../src/digest.ts';
import { demand, demandLyingFuse, mountLyingFuse, unmount } from '../harness/mounts.ts';
import { ingot } from '../harness/run.ts';
import { expectWholeSnapshots } from '../harness/store-checks.ts';
import { makeTree, temporaryDirectory } from '../harness/tree.ts';
import { demandXattrs, setXattr } from '../restore/snapshots.ts';
import {
  type Again,
  expectCopy,
  ingestAgain,
  namesOf,
  overwriteQuietly,
  recordsIn,
  replaceQuietly,
  sourceAndStore,
} from './again.ts';

/** Round, so that a time can be set again. */
const TIME = 1_500_000_000;
const LARGE_BYTES = (4 << 20) + 1;

const TREE = {
  'a/one': 'one',
  'a/two': 'two',
  'b/one': 'uno',
  'b/c/odd \udcff\udc0a"\\ü': 'odd',
  empty: '',
  large: Buffer.alloc(LARGE_BYTES, 'l'),
  link: { symlink: 'a/one' },
};
const FILES = 6;
const BYTES = 3 + 3 + 3 + 3 + LARGE_BYTES;

/** A tree that has been ingested, all its files being of one time. */
function ingested() {
  const made = sourceAndStore(TREE);
  for (const name of ['a/one', 'a/two', 'b/one', 'empty', 'large'])
    fs.utimesSync(join(made.source, name), TIME, TIME);
  const first = ingestAgain(made.store, made.source);
  expect(first.outcomes).toEqual({ new: FILES, link: 1 });
  return made;
}

const digest = (text: string) => digestOf(Buffer.from(text));

describe('a tree', () => {
  it('that is what it was is not read, and its snapshot is the same', async () => {
    const { source, store } = ingested();
    const snapshots: unknown[] = [];
    for (let n = 0; n < 3; n++) {
      const { outcomes, bytesRead, bytesUnchanged, report } = ingestAgain(store, source);
      expect(outcomes).toEqual({ unchanged: FILES, link: 1 });
      expect([bytesRead, bytesUnchanged]).toEqual([0, BYTES]);
      expect(report).toMatchObject({ entries: FILES + 1, bytesWritten: 0, bytesSaved: 0 });
      snapshots.push((report.snapshot as { root: string }).root);
    }
    expect(new Set(snapshots).size).toBe(1);
    await expectCopy(store, source);
  });

  it('names what is unchanged with -v, and counts it in text', () => {
    const { source, store } = ingested();
    const { stdout } = ingot(['ingest', source, '--store', store, '-v']);
    expect(stdout).toMatch(new RegExp(`^unchanged +${source}/a/one$`, 'm'));
    expect(stdout).toMatch(new RegExp(`^ {2}unchanged ${FILES} {2}link 1$`, 'm'));
    expect(stdout).toMatch(/^ {2}read 0 B, wrote 0 B, /m);
  });

  it('has a manifest that lists all, read or not', () => {
    const { source, store } = ingested();
    const manifest = join(temporaryDirectory(), 'manifest');
    fs.writeFileSync(join(source, 'a/three'), 'three');
    const { outcomes } = ingestAgain(store, source, ['--manifest', manifest]);
    expect(outcomes).toEqual({ unchanged: FILES, new: 1, link: 1 });
    const lines = fs.readFileSync(manifest, 'latin1').trimEnd().split('\n');
    expect(lines.length).toBe(FILES + 1);
    expect(lines).toContain(`${digest('uno')}  b/one`);
    expect(lines).toContain(`${digest('three')}  a/three`);
    expect(lines.filter((line) => line.includes(digest('odd'))).length).toBe(1);
  });

  it('is looked at by a dry run, which records nothing', () => {
    const { source, store } = ingested();
    fs.writeFileSync(join(source, 'a/three'), 'three');
    const before = recordsIn(store).map((path) => fs.readFileSync(path));
    const { outcomes } = ingestAgain(store, source, ['--dry-run']);
    expect(outcomes).toEqual({ unchanged: FILES, new: 1, link: 1 });
    expect(recordsIn(store).map((path) => fs.readFileSync(path))).toEqual(before);
    expect(ingestAgain(store, source).outcomes).toEqual({ unchanged: FILES, new: 1, link: 1 });
  });

  it('without a snapshot is read, and no record is made', () => {
    const { source, store } = sourceAndStore(TREE);
    for (const expected of ['new', 'duplicate']) {
      const { outcomes } = ingestAgain(store, source, ['--no-snapshot']);
      expect(outcomes).toEqual({ [expected]: FILES, link: 1 });
    }
    expect(fs.existsSync(join(store, '.ingot/records'))).toBe(false);
  });

  it('of a store that nobody has written to has records of each of its sources', () => {
    const { source, store } = ingested();
    const other = makeTree({ f: 'other' }, join(source, '../other'));
    expect(ingestAgain(store, other).outcomes).toEqual({ new: 1 });
    expect(ingestAgain(store, source).outcomes).toEqual({ unchanged: FILES, link: 1 });
    expect(ingestAgain(store, other).outcomes).toEqual({ unchanged: 1 });
    expect(recordsIn(store).length).toBe(2);
  });
});

interface Change {
  readonly make: (source: string) => void;
  /** Files that are read; none when not given. */
  readonly read?: readonly string[];
  /** Default: how many there were. */
  readonly unchanged?: number;
}

const inA = (source: string, name: string) => join(source, 'a', name);

const CHANGES: Readonly<Record<string, Change>> = {
  'a file whose bytes are others, with its size and mtime': {
    make: (source) => overwriteQuietly(inA(source, 'one'), 'eno'),
    read: ['a/one'],
  },
  'a file that is replaced by one of its size and mtime': {
    make: (source) => replaceQuietly(inA(source, 'one'), 'eno'),
    read: ['a/one'],
  },
  'a large file whose bytes are others': {
    make: (source) => overwriteQuietly(join(source, 'large'), Buffer.alloc(LARGE_BYTES, 'm')),
    read: ['large'],
  },
  'two files that are swapped': {
    make: (source) => {
      fs.renameSync(inA(source, 'one'), inA(source, 'x'));
      fs.renameSync(inA(source, 'two'), inA(source, 'one'));
      fs.renameSync(inA(source, 'x'), inA(source, 'two'));
    },
    read: ['a/one', 'a/two'],
  },
  'two directories that are swapped': {
    make: (source) => {
      fs.renameSync(join(source, 'a'), join(source, 'x'));
      fs.renameSync(join(source, 'b'), join(source, 'a'));
      fs.renameSync(join(source, 'x'), join(source, 'b'));
    },
  },
  'a renamed directory': {
    make: (source) => fs.renameSync(join(source, 'b'), join(source, 'a/z')),
  },
  'a mode': { make: (source) => fs.chmodSync(inA(source, 'one'), 0o600), read: ['a/one'] },
  'an mtime in the past': {
    make: (source) => fs.utimesSync(inA(source, 'one'), 77, 77),
    read: ['a/one'],
  },
  'an mtime before 1970': {
    make: (source) => fs.utimesSync(inA(source, 'one'), -77, -77.5),
    read: ['a/one'],
  },
  'an mtime in the future': {
    make: (source) => fs.utimesSync(inA(source, 'one'), 4e9, 4e9),
    read: ['a/one'],
  },
  'a file that has grown': {
    make: (source) => fs.appendFileSync(inA(source, 'one'), '!'),
    read: ['a/one'],
  },
  'an emptied file': { make: (source) => fs.truncateSync(inA(source, 'one')), read: ['a/one'] },
  'a new name of a file': {
    make: (source) => fs.linkSync(inA(source, 'one'), inA(source, 'three')),
    read: ['a/one', 'a/three'],
  },
  'a file that is gone': {
    make: (source) => fs.rmSync(inA(source, 'one')),
    unchanged: FILES - 1,
  },
  'a file that is a link now': {
    make: (source) => {
      fs.rmSync(inA(source, 'one'));
      fs.symlinkSync('two', inA(source, 'one'));
    },
    unchanged: FILES - 1,
  },
  'a file that is a directory now': {
    make: (source) => {
      fs.rmSync(inA(source, 'one'));
      fs.mkdirSync(inA(source, 'one'));
    },
    unchanged: FILES - 1,
  },
  'a link that leads elsewhere': {
    make: (source) => {
      fs.rmSync(join(source, 'link'));
      fs.symlinkSync('a/two', join(source, 'link'));
    },
  },
  'a link that is a file now': {
    make: (source) => {
      fs.rmSync(join(source, 'link'));
      fs.writeFileSync(join(source, 'link'), 'a/one');
    },
    read: ['link'],
    unchanged: FILES,
  },
  'a directory that is another one, with equal files': {
    make: (source) => {
      fs.cpSync(join(source, 'a'), join(source, 'x'), {
        recursive: true,
        preserveTimestamps: true,
      });
      fs.rmSync(join(source, 'a'), { recursive: true });
      fs.renameSync(join(source, 'x'), join(source, 'a'));
    },
    read: ['a/one', 'a/two'],
  },
  'the mode of a directory': { make: (source) => fs.chmodSync(join(source, 'a'), 0o700) },
};

describe('what has changed is seen, read where it has to be, and recorded:', () => {
  it.each(Object.entries(CHANGES))('%s', async (_, { make, read = [], unchanged }) => {
    const { source, store } = ingested();
    make(source);
    const again = ingestAgain(store, source);
    const wasRead = ['new', 'duplicate'].flatMap((outcome) => namesOf(again, outcome)).sort();
    expect(wasRead).toEqual(read);
    const known = FILES - read.filter((name) => name in TREE).length;
    expect(again.outcomes.unchanged).toBe(unchanged ?? known);
    expect(again.notices).toEqual([]);
    await expectCopy(store, source);
    // All is known now.
    const third = ingestAgain(store, source);
    expect(third.bytesRead).toBe(0);
    await expectCopy(store, source);
  });

  it('an extended attribute', async (context) => {
    const { source, store } = ingested();
    demandXattrs(context, source);
    setXattr(inA(source, 'one'), 'user.a', 'b');
    expect(namesOf(ingestAgain(store, source), 'duplicate')).toEqual(['a/one']);
    await expectCopy(store, source);
    expect(ingestAgain(store, source).outcomes).toEqual({ unchanged: FILES, link: 1 });
    await expectCopy(store, source);
  });

  it('that extended attributes are wanted, which they were not', async (context) => {
    const { source, store } = sourceAndStore(TREE);
    demandXattrs(context, source);
    setXattr(inA(source, 'one'), 'user.a', 'b');
    ingestAgain(store, source, ['--no-xattrs']);
    expect(ingestAgain(store, source, ['--no-xattrs']).outcomes.unchanged).toBe(FILES);
    expect(ingestAgain(store, source).outcomes).toEqual({ duplicate: FILES, link: 1 });
    await expectCopy(store, source);
    expect(ingestAgain(store, source, ['--no-xattrs']).outcomes.unchanged).toBe(FILES);
    expect(ingestAgain(store, source).outcomes.unchanged).toBe(FILES);
    await expectCopy(store, source);
  });
});

describe('a file that was changed just before it was read', () => {
  it('is read again, until it is two seconds old', async () => {
    const { source, store } = sourceAndStore({ 'a/one': 'one', 'a/two': 'two' });
    await sleep(3_200);
    fs.writeFileSync(join(source, 'a/one'), 'eno');
    fs.writeFileSync(join(source, 'large'), Buffer.alloc(LARGE_BYTES));
    expect(ingestAgain(store, source, [], { now: true }).outcomes).toEqual({ new: 3 });
    const again = ingestAgain(store, source, [], { now: true });
    expect(namesOf(again, 'unchanged')).toEqual(['a/two']);
    expect(namesOf(again, 'duplicate')).toEqual(['a/one', 'large']);
    await sleep(3_200);
    ingestAgain(store, source, [], { now: true });
    const last = ingestAgain(store, source, [], { now: true });
    expect(last.outcomes).toEqual({ unchanged: 3 });
  });

  it('is not believed to be the one that comes after it in that moment', () => {
    const { source, store } = sourceAndStore({ f: 'f0000' });
    for (let n = 1; n < 10; n++) {
      overwriteQuietly(join(source, 'f'), `f000${n}`);
      ingestAgain(store, source, [], { now: true });
      overwriteQuietly(join(source, 'f'), `g000${n}`);
      const { entries } = ingestAgain(store, source, [], { now: true });
      expect(entries.f!.digest).toBe(digest(`g000${n}`));
    }
  });

  it('is no such file where its time lies in the future', () => {
    const { source, store } = sourceAndStore({ f: 'f' });
    fs.utimesSync(join(source, 'f'), 4e9, 4e9);
    ingestAgain(store, source);
    expect(ingestAgain(store, source).outcomes).toEqual({ unchanged: 1 });
  });
});

describe('what is asked for', () => {
  it('with --rescan is read, and recorded', () => {
    const { source, store } = ingested();
    expect(ingestAgain(store, source, ['--rescan']).outcomes).toEqual({
      ...{ duplicate: FILES, link: 1 },
    });
    expect(ingestAgain(store, source).outcomes).toEqual({ unchanged: FILES, link: 1 });
  });

  it('with --ignore-ctime may have another one, with --ignore-inode another of these', () => {
    const { source, store } = ingested();
    const one = inA(source, 'one');
    const touched = () => fs.chmodSync(one, fs.statSync(one).mode ^ 0o020);
    touched();
    expect(ingestAgain(store, source, ['--ignore-inode']).outcomes.duplicate).toBe(1);
    touched();
    expect(ingestAgain(store, source, ['--ignore-ctime']).outcomes.unchanged).toBe(FILES);
    replaceQuietly(one, 'one');
    expect(ingestAgain(store, source, ['--ignore-ctime']).outcomes.duplicate).toBe(1);
    replaceQuietly(one, 'one');
    const both = ['--ignore-ctime', '--ignore-inode'];
    expect(ingestAgain(store, source, both).outcomes.unchanged).toBe(FILES);
  });

  it('with --ignore-inode is known by its path, whichever directory it is in', () => {
    const { source, store } = ingested();
    // Each file stays where it is, and the directories around them are swapped.
    const move = (from: string, to: string) => fs.renameSync(join(source, from), join(source, to));
    move('a/one', 'kept-a');
    move('b/one', 'kept-b');
    move('a', 'x');
    move('b', 'a');
    move('x', 'b');
    move('kept-a', 'a/one');
    move('kept-b', 'b/one');
    const { entries } = ingestAgain(store, source, ['--ignore-ctime', '--ignore-inode']);
    expect(entries['a/one']!.digest).toBe(digest('one'));
    expect(entries['b/one']!.digest).toBe(digest('uno'));
  });

  it('with other excludes than before is what these leave', async () => {
    const { source, store } = ingested();
    const without = ingestAgain(store, source, ['--exclude', 'a/']);
    expect(without.outcomes).toEqual({ unchanged: FILES - 2, link: 1, excluded: 1 });
    const other = ingestAgain(store, source, ['--exclude', 'b/', '--exclude', 'one']);
    expect(namesOf(other, 'unchanged')).toEqual(['empty', 'large']);
    expect(namesOf(other, 'duplicate')).toEqual(['a/two']);
    expect(ingestAgain(store, source).outcomes.duplicate).toBe(3);
    await expectCopy(store, source);
    expect(ingestAgain(store, source).outcomes.unchanged).toBe(FILES);
  });

  it('in overlapping sources is known from each other', () => {
    const { source, store } = ingested();
    const [a, b] = [join(source, 'a'), join(source, 'b')];
    expect(ingestAgain(store, a).outcomes).toEqual({ unchanged: 2 });
    expect(ingestAgain(store, [a, b]).outcomes).toEqual({ unchanged: 4 });
    expect(ingestAgain(store, [source, a]).outcomes).toEqual({ unchanged: FILES, link: 1 });
    const up = join(source, '..');
    const { outcomes } = ingestAgain(store, up);
    expect(outcomes.unchanged).toBe(FILES);
  });

  it('of a source that was moved is not read', async () => {
    const { source, store } = ingested();
    const moved = join(source, '../elsewhere');
    fs.renameSync(source, moved);
    expect(ingestAgain(store, moved).outcomes).toEqual({ unchanged: FILES, link: 1 });
    await expectCopy(store, moved);
    // By a link, which is another path to the same place.
    fs.symlinkSync(moved, source);
    expect(ingestAgain(store, `${source}/.`).outcomes.unchanged).toBe(FILES);
  });

  it('by a list, by several sources and by files is known again', () => {
    const { source, store } = ingested();
    const list = join(temporaryDirectory(), 'list');
    fs.writeFileSync(list, `${source}/a/one\n${source}/b/one\n`);
    const calls = [
      [[], ['--files-from', list]],
      [[join(source, 'a/one'), join(source, 'large')], []],
      [
        [join(source, 'a'), join(source, 'b')],
        ['--as', 'x', '--as', 'y'],
      ],
    ] as const;
    for (const [sources, flags] of calls) {
      ingestAgain(store, sources, flags);
      const { outcomes, bytesRead } = ingestAgain(store, sources, flags);
      expect(bytesRead).toBe(0);
      expect(outcomes.unchanged).toBeGreaterThan(1);
    }
  });
});

describe('the objects of unchanged files', () => {
  const objectOf = (store: string, text: string) => join(store, digest(text));

  it('are believed to be there as long as the generation is what it was', () => {
    const { source, store } = ingested();
    fs.rmSync(objectOf(store, 'one'));
    expect(ingestAgain(store, source).outcomes).toEqual({ unchanged: FILES, link: 1 });
    const healed = ingestAgain(store, source, ['--rescan']);
    expect(namesOf(healed, 'new')).toEqual(['a/one']);
    expectWholeSnapshots(store);
  });

  it('are looked for when it is another one, and stored again', async () => {
    const { source, store } = ingested();
    const damaged = objectOf(store, 'one');
    fs.chmodSync(damaged, 0o644);
    fs.writeFileSync(damaged, 'eno');
    expect(ingot(['verify', '--store', store, '--quarantine', '-q']).code).toBe(4);
    expect(fs.existsSync(damaged)).toBe(false);
    const again = ingestAgain(store, source);
    expect(namesOf(again, 'new')).toEqual(['a/one']);
    expect(again.outcomes.unchanged).toBe(FILES - 1);
    expectWholeSnapshots(store);
    await expectCopy(store, source);
    expect(ingestAgain(store, source).outcomes.unchanged).toBe(FILES);
  });

  it('are looked for when nobody knows the generation', () => {
    const { source, store } = ingested();
    fs.rmSync(objectOf(store, 'one'));
    fs.writeFileSync(join(store, '.ingot/generation'), '0123456789abcdef0123456789abcdef\n');
    expect(namesOf(ingestAgain(store, source), 'new')).toEqual(['a/one']);
    expectWholeSnapshots(store);
  });

  it.each([
    ['an object', (store: string) => objectOf(store, 'one'), { new: 1, unchanged: FILES - 1 }],
    ['a segment', segmentIn, { unchanged: FILES }],
  ])(
    'and segments are looked for, too, where the tree is the same: %s',
    async (_, of, expected) => {
      const { source, store } = ingested();
      const names = { names: false };
      const root = rootOf(ingestAgain(store, source, [], names));
      fs.writeFileSync(join(store, '.ingot/generation'), `${'01234567'.repeat(4)}\n`);
      expect(rootOf(ingestAgain(store, source, [], names))).toBe(root);
      fs.rmSync(of(store));
      fs.writeFileSync(join(store, '.ingot/generation'), `${'89abcdef'.repeat(4)}\n`);
      const again = ingestAgain(store, source, [], names);
      expect(again.outcomes).toEqual({ ...expected, link: 1 });
      expect(rootOf(again)).toBe(root);
      expectWholeSnapshots(store);
      await expectCopy(store, source);
    },
  );

  it('are hashed with --verify-hits', async () => {
    const { source, store } = ingested();
    const damaged = objectOf(store, 'one');
    fs.chmodSync(damaged, 0o644);
    fs.writeFileSync(damaged, 'eno');
    expect(ingestAgain(store, source).outcomes.unchanged).toBe(FILES);
    const { report, outcomes } = ingestAgain(store, source, ['--verify-hits']);
    expect(report.repaired).toEqual([digest('one')]);
    expect(outcomes.unchanged).toBe(FILES - 1);
    expect(fs.readFileSync(damaged, 'utf8')).toBe('one');
    await expectCopy(store, source);
  });
});

function segmentIn(store: string): string {
  const segments = join(store, '.ingot/segments');
  const [name, ...others] = fs.readdirSync(segments);
  expect(others).toEqual([]);
  return join(segments, name!);
}

function rootOf({ report }: Again): string {
  return (report.snapshot as { readonly root: string }).root;
}

/** Makes it appear changed in the same moment as `other`, as a coarse clock has it. */
function sameMoment(one: string, other: string): boolean {
  for (let attempt = 0; attempt < 200; attempt++) {
    for (const path of [one, other]) fs.utimesSync(path, TIME, TIME);
    const [a, b] = [one, other].map((path) => fs.statSync(path, { bigint: true }).ctimeNs);
    if (a === b) return true;
  }
  return false;
}

describe('where inodes do not stay', () => {
  it('a directory is not taken for another that had its inode', async (context) => {
    demandLyingFuse(context);
    const { source, store } = sourceAndStore({ 'a/f': 'one', 'b/f': 'two' });
    const isSame = sameMoment(join(source, 'a/f'), join(source, 'b/f'));
    demand(context, isSame, 'no two files change in the same moment here');
    const ahead = { aheadMs: 3_600_000 };
    const inodesOf = (at: string, names: readonly string[]) =>
      names.map((name) => fs.statSync(join(at, name)).ino);
    const first = await mountLyingFuse(source);
    const before = inodesOf(first, ['a', 'b', 'a/f', 'b/f']);
    expect(ingestAgain(store, first, [], ahead).outcomes).toEqual({ new: 2 });
    expect(ingestAgain(store, first, [], ahead).outcomes).toEqual({ unchanged: 2 });
    const { dev } = fs.statSync(first);
    unmount(first);
    const second = await mountLyingFuse(source);
    demand(context, fs.statSync(second).dev === dev, 'a mount gets another device each time');
    expect(inodesOf(second, ['b', 'a', 'b/f', 'a/f'])).toEqual(before);
    const { entries } = ingestAgain(store, second, [], ahead);
    expect(entries['a/f']!.digest).toBe(digest('one'));
    expect(entries['b/f']!.digest).toBe(digest('two'));
  });
});
