/** A source goes away, or another takes its place, while a run that reads it stands still. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { type EndAtStage, freezeAtStage, type Landing } from '../harness/at-stage.ts';
import { demandMounts, demandProgram, startBindfs, unmount } from '../harness/mounts.ts';
import { ingot, script } from '../harness/run.ts';
import { outcomesOf } from '../harness/store-checks.ts';
import { directoryInMemory, makeTree } from '../harness/tree.ts';

const FAILING_READS = fileURLToPath(new URL('../fixtures/failing-reads.mjs', import.meta.url));

let at: string;
beforeEach(() => {
  at = directoryInMemory();
});

const store = () => join(at, 'store');

/** Three directories with 30 files each. */
function makeSource(path = join(at, 'source')): string {
  const files = Array.from({ length: 90 }, (_, n) => [`d${n % 3}/f${n}`, `${path} ${n}`] as const);
  return makeTree(Object.fromEntries(files), path);
}

/** A tmpfs that is mounted there until the test takes it away. */
function mountAt(path: string): string {
  fs.mkdirSync(path, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', path]);
  onTestFinished(() => {
    const lines = fs.readFileSync('/proc/self/mounts', 'utf8').split('\n');
    if (lines.some((line) => line.split(' ')[1] === path)) unmount(path);
  });
  return path;
}

const unplug = (path: string) => execFileSync('umount', ['-l', path]);

async function runWhile(
  sources: readonly string[],
  landing: Omit<Landing, 'signal'>,
  happens: () => unknown,
  output: readonly string[] = ['--json'],
): Promise<EndAtStage> {
  const args = ['ingest', ...sources, '--store', store(), '--threads', '1', ...output];
  const frozen = await freezeAtStage(args, landing);
  await happens();
  frozen.child.kill('SIGCONT');
  const ended = await frozen.end;
  expect(ended.signal).toBeNull();
  return ended;
}

/** Exit code 3; each lost source is named, first of all, and in the report. */
function expectLost(ended: EndAtStage, lost: Readonly<Record<string, string>>): void {
  expect(ended.code).toBe(3);
  const { lostSources } = JSON.parse(ended.stdout) as { lostSources: Record<string, string>[] };
  expect(Object.fromEntries(lostSources.map(({ path, code }) => [path, code]))).toEqual(lost);
  for (const path of Object.keys(lost))
    expect(ended.stderr).toMatch(
      new RegExp(`^ingot: a (part of a )?source was lost: ${path}: [^\\n]*$`, 'm'),
    );
}

const WALK = { stage: 'walk', nth: 3 } as const;
const READ = { stage: 'stage', nth: 3 } as const;
/** Sources have been looked at, none has been read. */
const BEGIN = { stage: 'create', nth: 1 } as const;

describe('a file system that is unmounted', () => {
  beforeEach(demandMounts);

  it('with the source on it is a lost source, whatever was stored of it', async () => {
    const mount = mountAt(join(at, 'stick'));
    const source = makeSource(join(mount, 'source'));
    const ended = await runWhile([source], WALK, () => unplug(mount));
    expectLost(ended, { [source]: 'ENOENT' });
    expect(outcomesOf(ended)).toHaveProperty('vanished');
  });

  it('at the source itself leaves another directory in its place', async () => {
    const source = makeSource(mountAt(join(at, 'source')));
    const ended = await runWhile([source], WALK, () => unplug(source));
    expectLost(ended, { [source]: 'INGOT_SOURCE_REPLACED' });
  });

  it('somewhere in the source is named, when entries have vanished', async () => {
    const source = makeSource();
    const mount = mountAt(join(source, 'mnt'));
    makeSource(join(mount, 'deep'));
    const ended = await runWhile([source], READ, () => unplug(mount));
    expectLost(ended, { [mount]: 'INGOT_SOURCE_REPLACED' });
  });

  it('with the files of a list on it is named, when entries have vanished', async () => {
    const mount = mountAt(join(at, 'stick'));
    const source = makeSource(join(mount, 'source'));
    script(`find ${source} -type f > ${at}/list`);
    const listed = ['--files-from', join(at, 'list')];
    const ended = await runWhile(listed, READ, () => unplug(mount));
    const folders = ['d0', 'd1', 'd2'].map((name) => [join(source, name), 'ENOENT'] as const);
    expectLost(ended, Object.fromEntries(folders));
  });

  it('is told first, and how many entries went with it in one line', async () => {
    const mount = mountAt(join(at, 'stick'));
    const source = makeSource(join(mount, 'source'));
    const ended = await runWhile([source], READ, () => unplug(mount), []);
    const [first, second, ...more] = ended.stderr.trimEnd().split('\n');
    expect(first).toMatch(/^ingot: a source was lost: .*\/source: no such file.*\(ENOENT\); /);
    expect(second).toMatch(
      /^ingot: vanished: \d\d entries of a lost source: .*\/source: .*\(ENOENT\); -v names each$/,
    );
    expect(more).toEqual([]);
    expect(ended.stdout).toMatch(/^ {2}sources lost 1$/m);
    expect(ended.code).toBe(3);
  });
});

describe('a source', () => {
  it.each([
    [
      'that is removed before its turn',
      () => fs.rmSync(join(at, 'b/source'), { recursive: true }),
      'ENOENT',
    ],
    [
      'that is replaced by another directory',
      () => {
        fs.renameSync(join(at, 'b/source'), join(at, 'b/old'));
        makeSource(join(at, 'b/source'));
      },
      'INGOT_SOURCE_REPLACED',
    ],
    [
      'that is replaced by a file',
      () => {
        fs.renameSync(join(at, 'b/source'), join(at, 'b/old'));
        fs.writeFileSync(join(at, 'b/source'), '');
      },
      'INGOT_SOURCE_REPLACED',
    ],
  ])('%s is lost', async (_, happens, code) => {
    const sources = ['a', 'b'].map((name) => makeSource(join(at, name, 'source')));
    const ended = await runWhile(sources, WALK, happens);
    expectLost(ended, { [sources[1]!]: code });
  });

  it('that is a link is lost when it leads elsewhere', async () => {
    const link = join(at, 'link');
    fs.symlinkSync(makeSource(), link);
    const ended = await runWhile([link], BEGIN, () => {
      fs.rmSync(link);
      fs.symlinkSync(makeSource(join(at, 'other')), link);
    });
    expectLost(ended, { [link]: 'INGOT_SOURCE_REPLACED' });
  });

  it('that is a file is lost when it is gone, and not when it is written anew', async () => {
    const [gone, anew] = ['gone', 'anew'].map((name) => join(makeTree({ [name]: name }, at), name));
    const ended = await runWhile([gone!, anew!], BEGIN, () => {
      fs.rmSync(gone!);
      fs.writeFileSync(`${anew}.new`, 'new');
      fs.renameSync(`${anew}.new`, anew!);
    });
    expectLost(ended, { [gone!]: 'ENOENT' });
    expect(outcomesOf(ended)).toEqual({ new: 1, vanished: 1 });
  });

  it('that a list names is lost like another, when it is a directory', async () => {
    const listed = makeSource(join(at, 'b/source'));
    const list = join(makeTree({ list: `${listed}\n` }, at), 'list');
    const sources = [makeSource(), '--files-from', list];
    const ended = await runWhile(sources, WALK, () => fs.rmSync(listed, { recursive: true }));
    expectLost(ended, { [listed]: 'ENOENT' });
  });

  it('that stays is not lost, though entries of it or files of a list have vanished', async () => {
    const source = makeSource();
    const other = makeSource(join(at, 'other'));
    script(`find ${other} -type f > ${at}/list`);
    const ended = await runWhile([source, '--files-from', join(at, 'list')], READ, () => {
      for (const n of [20, 50, 89]) fs.rmSync(join(other, `d${n % 3}/f${n}`));
      fs.rmSync(join(source, 'd1'), { recursive: true });
    });
    expect(ended.code).toBe(0);
    expect(JSON.parse(ended.stdout).lostSources).toEqual([]);
    expect(outcomesOf(ended).vanished).toBeGreaterThan(0);
  });

  it('that does not answer any more is lost', async (context) => {
    demandMounts(context);
    demandProgram(context, 'bindfs');
    const { at: mount, kill } = await startBindfs(makeSource(join(at, 'below')));
    const source = join(at, 'source');
    fs.symlinkSync(mount, source);
    const ended = await runWhile([source], WALK, kill);
    expectLost(ended, { [source]: 'ENOTCONN' });
  });
});

describe('a file that is open', () => {
  it.each(['ENOENT', 'ESTALE', 'ENOTDIR', 'ENXIO', 'ELOOP'])(
    'is unreadable when reading it fails with %s, a large one, too',
    (code) => {
      const tree = { [`${code}-small`]: 'x', [`${code}-large`]: randomBytes(5 << 20), calm: 'c' };
      const ended = ingot(['ingest', makeTree(tree), '--store', store(), '--json'], {
        env: { NODE_OPTIONS: `--import ${FAILING_READS}` },
      });
      expect(outcomesOf(ended)).toEqual({ new: 1, unreadable: 2 });
      expect(ended.stderr.match(new RegExp(`\\(${code}\\)`, 'g'))?.length).toBe(2);
      expect(ended.code).toBe(3);
    },
  );
});
