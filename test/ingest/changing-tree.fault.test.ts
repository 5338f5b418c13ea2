/** A tree that somebody else changes while it is walked. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Ended, ingot } from '../harness/run.ts';
import { expectNextRunCompletes, expectWhole, outcomesOf } from '../harness/store-checks.ts';
import { makeTree, type TreeLiteral, temporaryDirectory } from '../harness/tree.ts';

const CHANGING = fileURLToPath(new URL('../fixtures/changing-tree.mjs', import.meta.url));

const TREE: TreeLiteral = {
  'a/file': 'in a',
  'top/swapped/file': 'in swapped',
  'top/swapped/deep/file': 'in deep',
  'top/z/file': 'in z',
  file: 'at the top',
};

let folder: string;
let source: string;
let store: string;
beforeEach(() => {
  folder = temporaryDirectory();
  source = makeTree(TREE, join(folder, 'source'));
  store = join(folder, 'store');
});

/** `top/swapped` is moved to `aside` when its name has been read, and `instead` takes its place. */
function run(aside: string, instead?: string): Ended {
  const env = {
    NODE_OPTIONS: `--import ${CHANGING}`,
    ...{ CHANGES_AFTER: join(source, 'top'), ASIDE: aside, INSTEAD: instead ?? '' },
  };
  return ingot(['ingest', source, '--store', store, '--json', '--no-progress'], { env });
}

const digestsOf = (contents: readonly string[]) =>
  contents.map((content) => createHash('sha256').update(content).digest('hex')).sort();

const OTHERS = ['in a', 'in z', 'at the top'];

function expectStored(contents: readonly string[]): void {
  expect(expectWhole(store).sort()).toEqual(digestsOf(contents));
}

/** All that is in the tree by now is stored by the next run, beside what is there. */
async function expectCompleted(contents: readonly string[]): Promise<void> {
  expect((await expectNextRunCompletes(source, store)).sort()).toEqual(digestsOf(contents));
}

const VANISHED = /^ingot: vanished: [^\n]*\/top\/swapped: [^\n]*\n$/;

describe('a directory, after its name has been read', () => {
  it('that is removed has vanished; all else is stored', async () => {
    const ended = run(join(folder, 'gone'));
    expect(ended.stderr).toMatch(VANISHED);
    expect(ended.code).toBe(0);
    expect(outcomesOf(ended)).toEqual({ new: 3, vanished: 1 });
    expectStored(OTHERS);
    await expectCompleted(OTHERS);
  });

  it.each(['top/renamed', 'a/deeper'])(
    'that moves within the tree (%s) is lost to no later run',
    async (to) => {
      const ended = run(join(source, to));
      expect(ended.code).toBe(0);
      expect(ended.stderr).toMatch(VANISHED);
      expect(outcomesOf(ended)).toMatchObject({ vanished: 1 });
      expect(expectWhole(store)).toEqual(expect.arrayContaining(digestsOf(OTHERS)));
      await expectCompleted([...OTHERS, 'in swapped', 'in deep']);
    },
  );

  it('that becomes a link leads nobody out of the source', async () => {
    const link = join(folder, 'link');
    fs.symlinkSync(makeTree({ file: 'outside', 'deep/file': 'outside, deep' }), link);
    const ended = run(join(folder, 'aside'), link);
    expect(ended.stderr).toMatch(VANISHED);
    expect(ended.code).toBe(0);
    expect(outcomesOf(ended)).toEqual({ new: 3, vanished: 1 });
    expectStored(OTHERS);
    await expectCompleted(OTHERS);
  });

  it("that becomes a file has vanished, and the file is the next run's", async () => {
    const ended = run(join(folder, 'aside'), join(makeTree({ file: 'a file' }), 'file'));
    expect(ended.stderr).toMatch(VANISHED);
    expect(outcomesOf(ended)).toEqual({ new: 3, vanished: 1 });
    expectStored(OTHERS);
    await expectCompleted([...OTHERS, 'a file']);
  });

  it('that becomes a fifo keeps nobody waiting', () => {
    const fifo = join(folder, 'fifo');
    execFileSync('mkfifo', [fifo]);
    const ended = run(join(folder, 'aside'), fifo);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(outcomesOf(ended)).toEqual({ new: 3, unsupported: 1 });
    expectStored(OTHERS);
  });

  it('that becomes another directory is walked as it is then', () => {
    const ended = run(join(folder, 'aside'), makeTree({ 'deep/new': 'another' }));
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(outcomesOf(ended)).toEqual({ new: 4 });
    expectStored([...OTHERS, 'another']);
  });
});
