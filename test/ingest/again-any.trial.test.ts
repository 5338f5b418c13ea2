/** Whatever is done to a tree between ingests, and whenever one is killed: what comes back is the tree. */
import { once } from 'node:events';
import fs from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { restore } from 'ingot';
import { expect, it } from 'vitest';
import { escapeName, toFsPath } from '../../src/names.ts';
import { start } from '../harness/run.ts';
import { expectWhole, expectWholeSnapshots } from '../harness/store-checks.ts';
import { directoryInMemory, makeTree } from '../harness/tree.ts';
import { look } from '../restore/snapshots.ts';
import { LATER, overwriteQuietly, replaceQuietly, runIngest } from './again.ts';

/** Trees that are made, each with so many rounds. */
const TREES = Number(process.env.INGOT_TREES ?? 12);
const SEED = process.env.INGOT_SEED;

const ODD = 'odd \udcff\udc0a';
const FOLDERS = ['', 'a/', 'b/', 'a/c/', `${ODD}-d/`];
const NAMES = ['f0', 'f1', 'f2', 'f3', ODD];

/** Many are of one size and time: only what stat says else shows which is which. */
const TIME = 1_500_000_000;

interface Edit {
  readonly what: (typeof EDITS)[number];
  /** Which of what there is at that moment. */
  readonly which: number;
  readonly other: number;
  readonly byte: number;
}

const EDITS = [
  ...['overwrite', 'replace', 'grow', 'swap files', 'swap directories', 'rename', 'move'],
  ...['rename directory', 'chmod', 'chmod directory', 'to link', 'to directory', 'to file'],
  ...['past', 'future', 'link', 'unlink', 'remove', 'add', 'add directory', 'remove directory'],
  ...['swap by content', 'copy over'],
] as const;

const anyEdit: fc.Arbitrary<Edit> = fc.record({
  what: fc.constantFrom(...EDITS),
  which: fc.nat(1000),
  other: fc.nat(1000),
  byte: fc.nat(25),
});

const anyRound = fc.record({
  edits: fc.array(anyEdit, { maxLength: 6 }),
  /** Milliseconds after which the ingest is killed, and made again after some more edits. */
  kill: fc.option(fc.integer({ min: 100, max: 600 }), { freq: 4, nil: undefined }),
  editsAfterKill: fc.array(anyEdit, { maxLength: 2 }),
  /** Entries are named, and so none is known with its whole directory. */
  names: fc.boolean(),
  flags: fc.constantFrom(
    ...[[], [], [], ['--exclude', 'f1'], ['--exclude', 'a/'], ['--rescan'], ['--no-xattrs']],
    // Not --ignore-inode: it cannot tell swapped directories whose files have the same times apart.
    ...[['--verify-hits'], ['--barrier', 'fsync']],
  ),
});

const anyRounds = fc.array(anyRound, { minLength: 3, maxLength: 8 });

/** By the true clock little is old enough to be known, by the other one all is. */
const isNow = fc.oneof({ arbitrary: fc.constant(false), weight: 3 }, fc.constant(true));

/** The paths of a kind, sorted: the same numbers choose the same ones in each run. */
function pathsOf(source: string, kind: 'file' | 'directory' | 'link'): string[] {
  const found: string[] = [];
  const walk = (folder: string) => {
    const names = fs.readdirSync(toFsPath(folder), { encoding: 'buffer' });
    for (const name of names.map((bytes) => escapeName(bytes)).sort()) {
      const path = `${folder}/${name}`;
      const stats = fs.lstatSync(toFsPath(path));
      if (stats.isDirectory()) {
        if (kind === 'directory') found.push(path);
        walk(path);
      } else if (stats.isFile() === (kind === 'file')) if (kind !== 'directory') found.push(path);
    }
  };
  walk(source);
  return found;
}

const bytesOf = (byte: number) => Buffer.alloc(8, 97 + byte);

function writeNew(path: string, byte: number): void {
  fs.writeFileSync(toFsPath(path), bytesOf(byte));
  fs.utimesSync(toFsPath(path), TIME, TIME);
}

function isThere(path: string): boolean {
  return fs.lstatSync(toFsPath(path), { throwIfNoEntry: false }) !== undefined;
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}

/** One edit; nothing where there is nothing to do it to. */
function apply(source: string, { what, which, other, byte }: Edit): void {
  const files = pathsOf(source, 'file');
  const directories = pathsOf(source, 'directory');
  const pick = (of: readonly string[], n: number) => of[n % of.length];
  const file = pick(files, which);
  const second = pick(files, other);
  const directory = pick(directories, which);
  const secondDirectory = pick(directories, other);
  const place = pick([source, ...directories], other)!;
  const free = `${place}/${pick(['f0', 'f1', 'f2', 'f3', 'n4', 'n5', ODD], byte)}`;
  const rename = (from: string, to: string) => fs.renameSync(toFsPath(from), toFsPath(to));
  const swap = (one: string, two: string) => {
    if (one === two || one.startsWith(`${two}/`) || two.startsWith(`${one}/`)) return;
    rename(one, `${source}/swapping`);
    rename(two, one);
    rename(`${source}/swapping`, two);
  };
  const sameSize = (path: string) => {
    const { size } = fs.statSync(toFsPath(path));
    return Buffer.alloc(size, 97 + byte);
  };
  const isIn = (path: string, folder: string) => path === folder || path.startsWith(`${folder}/`);
  switch (what) {
    case 'overwrite':
      if (file?.isWellFormed()) overwriteQuietly(file, sameSize(file));
      break;
    case 'replace':
      if (file?.isWellFormed()) replaceQuietly(file, sameSize(file));
      break;
    case 'grow':
      if (file !== undefined) fs.appendFileSync(toFsPath(file), bytesOf(byte).subarray(0, 1));
      break;
    case 'swap files':
      if (file !== undefined) swap(file, second!);
      break;
    case 'swap directories':
      if (directory !== undefined) swap(directory, secondDirectory!);
      break;
    case 'rename':
      if (file !== undefined && !isThere(free)) rename(file, free);
      break;
    case 'copy over':
      if (file !== undefined && file !== second) {
        fs.copyFileSync(toFsPath(file), toFsPath(second!));
        fs.utimesSync(toFsPath(second!), TIME, TIME);
      }
      break;
    case 'swap by content': {
      if (file === undefined || file === second) break;
      const [one, two] = [file, second!].map((path) => fs.readFileSync(toFsPath(path)));
      for (const [path, bytes] of [
        [file, two!],
        [second!, one!],
      ] as const) {
        fs.writeFileSync(toFsPath(path), bytes);
        fs.utimesSync(toFsPath(path), TIME, TIME);
      }
      break;
    }
    case 'move':
    case 'rename directory':
      if (directory !== undefined && !isThere(free) && !isIn(place, directory))
        rename(directory, free);
      break;
    case 'chmod':
      if (file !== undefined) fs.chmodSync(toFsPath(file), 0o600 + (byte & 0o77));
      break;
    case 'chmod directory':
      if (directory !== undefined) fs.chmodSync(toFsPath(directory), 0o700 + (byte & 0o77));
      break;
    case 'to link':
      if (file === undefined) break;
      fs.rmSync(toFsPath(file));
      fs.symlinkSync(`somewhere-${byte}`, toFsPath(file));
      break;
    case 'to directory':
      if (file === undefined) break;
      fs.rmSync(toFsPath(file));
      fs.mkdirSync(toFsPath(file));
      writeNew(`${file}/f0`, byte);
      break;
    case 'to file': {
      const link = pick(pathsOf(source, 'link'), which);
      if (link === undefined) break;
      fs.rmSync(toFsPath(link));
      writeNew(link, byte);
      break;
    }
    case 'past':
      if (file !== undefined) fs.utimesSync(toFsPath(file), -1000 - byte, -1000 - byte);
      break;
    case 'future':
      if (file !== undefined) fs.utimesSync(toFsPath(file), 4e9 + byte, 4e9 + byte);
      break;
    case 'link':
      if (file !== undefined && !isThere(free)) fs.linkSync(toFsPath(file), toFsPath(free));
      break;
    case 'unlink': {
      const linked = files.find((path) => fs.statSync(toFsPath(path)).nlink > 1);
      if (linked === undefined) break;
      fs.rmSync(toFsPath(linked));
      writeNew(linked, byte);
      break;
    }
    case 'remove':
      if (file !== undefined) fs.rmSync(toFsPath(file));
      break;
    case 'remove directory':
      if (directory !== undefined) fs.rmSync(toFsPath(directory), { recursive: true });
      break;
    case 'add':
      if (!isThere(free)) writeNew(free, byte);
      break;
    case 'add directory':
      if (isThere(free)) break;
      fs.mkdirSync(toFsPath(free));
      for (const name of NAMES.slice(0, 3)) writeNew(`${free}/${name}`, byte);
      break;
  }
  // What has moved or was read stays where it is: a directory keeps its own time.
  const folder = file === undefined ? source : parentOf(file);
  if (byte % 5 === 0 && isThere(folder)) fs.utimesSync(toFsPath(folder), TIME, TIME);
}

function firstTree(source: string): void {
  const names = FOLDERS.flatMap((folder) => NAMES.map((name) => folder + name));
  makeTree(Object.fromEntries(names.map((name, n) => [name, bytesOf(n % 7)])), source);
  for (const path of pathsOf(source, 'file')) fs.utimesSync(toFsPath(path), TIME, TIME);
  fs.symlinkSync('f0', `${source}/l0`);
  fs.linkSync(`${source}/f0`, `${source}/a/same`);
}

async function killedIngest(
  { store, source, now }: { store: string; source: string; now: boolean },
  after: number,
  flags: string[],
): Promise<void> {
  const env = now ? {} : { NODE_OPTIONS: `--import ${LATER}` };
  const child = start(['ingest', source, '--store', store, '-q', ...flags], undefined, env);
  await Promise.race([sleep(after), once(child, 'exit')]);
  if (child.exitCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

/** With what a run leaves out left out. */
function looked(tree: string, flags: readonly string[]): string[] {
  const excluded = flags[0] === '--exclude' ? flags[1]! : undefined;
  if (excluded === undefined) return look(tree);
  // The other names of a file may be left out: not which these are.
  const lines = look(tree).map((line) => line.replace(/( [0-9a-f]{64}) .*/, '$1'));
  return lines.filter((line) => {
    const path = line.slice(0, line.search(/ [0-7]{5,6} /));
    const names = path.split('/');
    if (excluded === 'f1') return !names.includes('f1');
    const isFolder = / 4[0-7]{4} /.test(line);
    return !(isFolder ? names : names.slice(0, -1)).includes('a');
  });
}

it('a tree that is edited in any way between ingests comes back as it is', {
  timeout: 120_000 + TREES * 30_000,
}, async () => {
  const known = { entries: 0, read: 0 };
  await fc.assert(
    fc.asyncProperty(anyRounds, isNow, async (rounds, now) => {
      const folder = directoryInMemory();
      const [source, store] = [join(folder, 'source'), join(folder, 'store')];
      firstTree(source);
      for (const [n, { edits, kill, editsAfterKill, names, flags }] of rounds.entries()) {
        for (const edit of edits) apply(source, edit);
        if (kill !== undefined) {
          await killedIngest({ store, source, now }, kill, flags);
          for (const edit of editsAfterKill) apply(source, edit);
        }
        const { code, stdout, stderr } = runIngest(store, [source], flags, { now, names });
        expect([code, stderr]).toEqual([0, '']);
        const { report } = { report: JSON.parse(stdout.trimEnd().split('\n').at(-1)!) };
        known.entries += report.outcomes.unchanged;
        known.read += report.outcomes.new + report.outcomes.duplicate;
        const back = join(folder, `back${n}`);
        await restore(store, 'latest', back);
        expect(looked(back, flags)).toEqual(looked(source, flags));
        fs.rmSync(back, { recursive: true });
      }
      expectWhole(store);
      expectWholeSnapshots(store);
      fs.rmSync(folder, { recursive: true });
    }),
    // A smaller one takes longer to find than the test may: INGOT_SEED makes the same ones.
    { numRuns: TREES, endOnFailure: true, ...(SEED === undefined ? {} : { seed: Number(SEED) }) },
  );
  // Else it would show nothing.
  expect(known.entries).toBeGreaterThan(10 * TREES);
  process.stdout.write(`${known.entries} entries were known, ${known.read} read\n`);
});
