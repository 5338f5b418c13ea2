import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Digest, digestOf } from '../../../src/digest.ts';
import { DigestSet } from '../../../src/snapshot/gc/digest-set.ts';
import {
  digestAt,
  isDigestAt,
  readSegment,
  scanDigests,
  sizeAt,
} from '../../../src/snapshot/gc/scan-segment.ts';
import { anyTree, directoryAt, MemorySegments, numbered, sorted, writeTree } from '../trees.ts';

const bytesOf = (digest: Digest) => Buffer.from(digest, 'latin1');

describe('a set of digests', () => {
  it('has what was added, and nothing else, however large it grows', () => {
    const set = new DigestSet();
    const digests = Array.from({ length: 40_000 }, (_, n) => digestOf(Buffer.from(`${n}`)));
    const [added, others] = [digests.slice(0, 20_000), digests.slice(20_000)];
    for (const digest of added) expect(set.add(bytesOf(digest), 0)).toBe(true);
    for (const digest of added) expect(set.add(Buffer.from(`..${digest}`), 2)).toBe(false);
    expect(set.size).toBe(20_000);
    expect(added.every((digest) => set.has(digest))).toBe(true);
    expect(others.some((digest) => set.has(digest))).toBe(false);
  });

  it('numbers them as they come, however large it grows', () => {
    const set = new DigestSet({ isNumbered: true });
    const digests = Array.from({ length: 20_000 }, (_, n) => digestOf(Buffer.from(`${n}`)));
    const numbers = () => digests.map((digest) => set.numberAt(bytesOf(digest), 0));
    const expected = digests.map((_, n) => n);
    expect(numbers()).toEqual(expected);
    expect(numbers()).toEqual(expected);
    expect(digests.map((digest) => set.numberOf(digest))).toEqual(expected);
    expect(set.numberOf(digestOf(Buffer.from('none')))).toBeUndefined();
  });

  it('keeps digests of zeros', () => {
    const set = new DigestSet();
    for (const digest of ['0'.repeat(64), `${'0'.repeat(8)}${'1'.repeat(56)}`] as Digest[]) {
      expect(set.has(digest)).toBe(false);
      expect(set.add(bytesOf(digest), 0)).toBe(true);
      expect(set.has(digest)).toBe(true);
    }
  });
});

/** The digests of all objects below a root, with `sizes` each with its size. */
async function scanned(segments: MemorySegments, root: Digest, sizes = false): Promise<string[]> {
  const segment = await readSegment(segments, root);
  const found: Digest[] = [];
  scanDigests(segment, (at) => void found.push(digestAt(segment, at)));
  if (segment.level > 0)
    return (await Promise.all(found.map((each) => scanned(segments, each, sizes)))).flat();
  if (!sizes) return found;
  const sized: string[] = [];
  scanDigests(segment, (at) => void sized.push(`${digestAt(segment, at)} ${sizeAt(segment, at)}`));
  return sized;
}

describe('the digests of segments', () => {
  it('are those of the files of any tree, whatever names, targets and attributes it has', async () => {
    await fc.assert(
      fc.asyncProperty(anyTree, async (entries) => {
        const segments = new MemorySegments();
        const { digest } = await writeTree(sorted(entries), segments);
        const files = entries.flatMap((entry) => (entry.type === 'file' ? entry.digest : []));
        expect((await scanned(segments, digest)).sort()).toEqual(files.sort());
        const sized = entries.flatMap((entry) =>
          entry.type === 'file' ? `${entry.digest} ${entry.size}` : [],
        );
        expect((await scanned(segments, digest, true)).sort()).toEqual(sized.sort());
      }),
    );
  });

  it.each(['../', 'A', '\n', '/', ':', '`', 'g'])('are none with %j in them', (odd) => {
    const text = odd.padStart(64, '0');
    const segmentOf = (bytes: string) => ({
      ...{ digest: digestOf(Buffer.from(bytes)), level: 0, bytes: Buffer.from(bytes) },
    });
    expect(isDigestAt(segmentOf(text), 0)).toBe(false);
    const good = segmentOf('0123456789abcdef'.repeat(4));
    expect([isDigestAt(good, 0), isDigestAt(good, 1)]).toEqual([true, false]);
  });

  it('are all of a tree of several levels', async () => {
    const segments = new MemorySegments();
    const { digest, level } = await writeTree(
      sorted([directoryAt('d'), ...numbered('d', 20_000)]),
      segments,
    );
    expect(level).toBeGreaterThan(0);
    expect(new Set(await scanned(segments, digest)).size).toBe(20_000);
  });

  it('are none that a name or a target looks like', async () => {
    const segments = new MemorySegments();
    const odd = `","sha256":"${'a'.repeat(64)}`;
    const [file] = numbered('d', 1).filter(({ type }) => type === 'file');
    const { digest } = await writeTree([{ ...file!, path: odd }], segments);
    expect(await scanned(segments, digest)).toEqual([(file as { digest?: string }).digest]);
  });
});
