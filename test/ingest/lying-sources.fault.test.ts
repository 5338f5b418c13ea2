/** File systems that lie about their files, or keep back what others offer. */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { sha256 } from '../harness/ingest-tree.ts';
import { demandLyingFuse, mountLyingFuse } from '../harness/mounts.ts';
import { type Ended, ingot, tempsIn } from '../harness/run.ts';
import { expectWhole, outcomesOf } from '../harness/store-checks.ts';
import { makeTree, temporaryDirectory } from '../harness/tree.ts';

const FILES = { small: randomBytes(1000), large: randomBytes(6 << 20) };
const DIGESTS = Object.values(FILES).map(sha256).sort();

beforeEach(demandLyingFuse);

let store: string;
beforeEach(() => {
  store = join(temporaryDirectory(), 's');
});

const run = (...args: string[]): Ended => ingot([...args, '--store', store], { timeout: 30_000 });

const LIES: [what: string, ...lies: string[]][] = [
  ['files without positions', 'nonseekable'],
  ['files that claim 2^62 bytes', `${2n ** 62n}`],
  ['files that claim 2^63 - 1 bytes', `${2n ** 63n - 1n}`],
  ['times that are always now', 'now'],
  ['times that are always now, and files that claim to be empty', 'now', '0'],
  ['times that are always now, and files that claim less than they have', 'now', '999'],
  ['times that are always now, and files without positions', 'now', 'nonseekable'],
];

describe.each(LIES)('%s', (_, ...lies) => {
  it('are read to their ends and stored, and are duplicates then', async () => {
    const source = await mountLyingFuse(makeTree(FILES), ...lies);
    const first = run('ingest', source, '--json', '--no-progress');
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(outcomesOf(first)).toEqual({ new: 2 });
    expect(expectWhole(store).sort()).toEqual(DIGESTS);
    const second = run('ingest', source, '--json', '--no-progress');
    expect(outcomesOf(second)).toEqual({ duplicate: 2 });
    expect(tempsIn(store)).toEqual([]);
  });

  it('are put', async () => {
    const source = await mountLyingFuse(makeTree(FILES), ...lies);
    for (const [name, content] of Object.entries(FILES))
      expect(run('put', join(source, name))).toMatchObject({
        ...{ code: 0, stderr: '', stdout: `${sha256(content)}\n` },
      });
    expect(expectWhole(store).sort()).toEqual(DIGESTS);
  });
});

describe('files that go to and fro between two contents, where times are always now,', () => {
  it('have changed, and none is stored', async () => {
    const source = await mountLyingFuse(makeTree(FILES), 'now', 'changing');
    const ended = run('ingest', source, '--json', '--no-progress');
    expect(ended.code).toBe(3);
    expect(outcomesOf(ended)).toEqual({ changed: 2 });
    expect(expectWhole(store)).toEqual([]);
  });

  it.each(['small', 'large'])('cannot be put: %s ones', async (name) => {
    const source = await mountLyingFuse(makeTree(FILES), 'now', 'changing');
    const ended = run('put', join(source, name));
    expect(ended.stderr).toMatch(
      /^ingot: cannot store a file [^\n]*during each of 3 readings[^\n]*\n$/,
    );
    expect(ended.code).toBe(1);
    expect(tempsIn(store)).toEqual([]);
    expect(expectWhole(store)).toEqual([]);
  });
});

it('a store whose times are always now is verified once', async () => {
  const source = makeTree(FILES);
  expect(run('ingest', source, '-q').code).toBe(0);
  const at = await mountLyingFuse(store, 'now');
  const ended = ingot(['verify', '--store', at, '--json', '--no-progress'], { timeout: 30_000 });
  expect(ended).toMatchObject({ code: 0, stderr: '' });
  expect(JSON.parse(ended.stdout)).toMatchObject({ checked: 2 });
});

it('a file of the kernel that gives whole records only is stored, however large it is', (context) => {
  const counts = '/proc/kpagecount';
  if (!fs.existsSync(counts)) context.skip(`there is no ${counts}`);
  const { size } = fs.statSync(counts);
  expect(size).toBe(0);
  const ended = run('ingest', counts, '--json', '--no-progress');
  expect(ended).toMatchObject({ code: 0, stderr: '' });
  expect(outcomesOf(ended)).toEqual({ new: 1 });
  const [object] = expectWhole(store);
  expect(fs.statSync(join(store, object!)).size % 8).toBe(0);
});
