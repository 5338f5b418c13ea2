import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CORPORA, type CorpusDescription, scaled } from '../../bench/corpus/description.ts';
import { folderOf, planCorpus } from '../../bench/corpus/plan.ts';
import { writeCorpus } from '../../bench/corpus/write.ts';
import { temporaryDirectory } from '../harness/tree.ts';

const MIXED: CorpusDescription = {
  name: 'mixed',
  files: 200,
  size: { kind: 'log-normal', median: 1000, sigma: 1, max: 5000 },
  duplicateShare: 0.3,
  folders: { files: 7, depth: 3, fanOut: 3 },
};

/** Path, size and digest of every file, in the order of their paths. */
function contentsOf(root: string): { path: string; size: number; digest: string }[] {
  return fs
    .readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((path) => fs.statSync(join(root, path)).isFile())
    .sort()
    .map((path) => {
      const bytes = fs.readFileSync(join(root, path));
      const digest = createHash('sha256').update(bytes).digest('hex');
      return { path, size: bytes.length, digest };
    });
}

async function write(description: CorpusDescription, seed: number) {
  const root = join(temporaryDirectory(), 'tree');
  const plan = planCorpus(description, seed);
  await writeCorpus(root, plan, description.folders, seed);
  return { root, facts: plan.facts, files: contentsOf(root) };
}

/** Levels of folders above a file. */
const depthOf = ({ path }: { path: string }) => path.split('/').length - 1;

describe('a corpus', () => {
  it('is the same tree for the same seed, and other bytes and sizes for another', async () => {
    const [first, again, other] = [
      await write(MIXED, 1),
      await write(MIXED, 1),
      await write(MIXED, 2),
    ];
    expect(again.files).toEqual(first.files);
    expect(other.files).toHaveLength(first.files.length);
    const digests = new Set(first.files.map(({ digest }) => digest));
    expect(other.files.filter(({ digest }) => digests.has(digest))).toEqual([]);
    expect(other.facts.bytes).not.toBe(first.facts.bytes);
  });

  it('is the same tree on every machine', async () => {
    const { files } = await write(MIXED, 1);
    const whole = createHash('sha256').update(JSON.stringify(files)).digest('hex');
    expect(whole).toBe('7718d5e5f4fee9e2b1a3f9269b966ee2d18f52fbaf55516581d913ff8f402847');
  });

  it('holds what its facts say, the share of duplicates exactly', async () => {
    const { files, facts } = await write(MIXED, 1);
    const distinct = new Map(files.map(({ digest, size }) => [digest, size]));
    const sum = (sizes: Iterable<number>) => [...sizes].reduce((total, size) => total + size, 0);
    expect(facts).toEqual({
      name: 'mixed',
      files: 200,
      bytes: sum(files.map(({ size }) => size)),
      distinctFiles: 140,
      distinctBytes: sum(distinct.values()),
    });
    expect(distinct.size).toBe(140);
  });

  it('hears of signals while a large file is made', async () => {
    const root = join(temporaryDirectory(), 'tree');
    const large: CorpusDescription = {
      ...MIXED,
      ...{ files: 1, size: { kind: 'fixed', bytes: 40 << 20 }, duplicateShare: 0 },
    };
    const plan = planCorpus(large, 1);
    const whole = writeCorpus(root, plan, large.folders, 1);
    await new Promise(setImmediate);
    const file = join(root, folderOf(0, large.folders), 'f0');
    expect(fs.statSync(file).size).toBeLessThan(40 << 20);
    await whole;
    expect(fs.statSync(file).size).toBe(40 << 20);
  });

  it('keeps to its distribution of sizes', async () => {
    const sizes = [...planCorpus({ ...MIXED, files: 10_000, duplicateShare: 0 }, 1).sizes].sort(
      (a, b) => a - b,
    );
    // Of a log-normal distribution: the median, and one and two sigmas to either side.
    expect(sizes[5000]! / 1000).toBeCloseTo(1, 1);
    expect(Math.log(sizes[1587]! / 1000)).toBeCloseTo(-1, 1);
    expect(Math.log(sizes[8413]! / 1000)).toBeCloseTo(1, 1);
    expect(sizes.at(-1)).toBe(5000);
    const uniform = planCorpus({ ...MIXED, size: { kind: 'uniform', min: 20, max: 30 } }, 1).sizes;
    expect([...new Set(uniform)].sort()).toEqual([20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30]);
  });

  it('puts its files as deep and as many to a folder as it says', async () => {
    const { files } = await write(MIXED, 1);
    expect(new Set(files.map(depthOf))).toEqual(new Set([3]));
    const folders = files.map(({ path }) => path.slice(0, path.lastIndexOf('/')));
    const counts = folders.map((folder) => folders.filter((each) => each === folder).length);
    // 200 files, 7 to each of the 27 folders, begin anew in the first two.
    expect(new Set(counts)).toEqual(new Set([7, 11, 14]));
  });
});

describe('the named corpora', () => {
  it.each(Object.keys(CORPORA))('%s can be made small', async (name) => {
    const { facts, files } = await write(scaled(CORPORA[name]!, 0.0005), 1);
    expect(files).toHaveLength(facts.files);
    expect(new Set(files.map(({ digest }) => digest)).size).toBe(facts.distinctFiles);
  });

  it('are described by number, size, duplicates and depth', () => {
    const factsOf = (name: string) => planCorpus(CORPORA[name]!, 1).facts;
    const small = factsOf('small');
    expect(small).toMatchObject({ files: 100_000, distinctFiles: 100_000 });
    expect(small.bytes / small.files / 4096).toBeCloseTo(1, 2);
    expect(factsOf('source').distinctFiles).toBe(0.7 * factsOf('source').files);
    expect(factsOf('large')).toMatchObject({ files: 8, bytes: 8 * 512 * 2 ** 20 });
    expect(factsOf('duplicates')).toMatchObject({ files: 100_000, distinctFiles: 100 });
    expect(factsOf('huge')).toMatchObject({ files: 1, bytes: 2 ** 32 });
  });

  it('wide is one folder, deep a chain of 200', async () => {
    const wide = await write(scaled(CORPORA.wide!, 0.001), 1);
    expect(new Set(wide.files.map(depthOf))).toEqual(new Set([0]));
    const deep = await write(
      { ...CORPORA.deep!, folders: { ...CORPORA.deep!.folders, files: 1 }, files: 201 },
      1,
    );
    expect(Math.max(...deep.files.map(depthOf))).toBe(200);
    expect(new Set(deep.files.map(depthOf)).size).toBe(201);
  });
});
