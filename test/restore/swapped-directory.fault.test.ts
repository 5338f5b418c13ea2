/**
 * A user who may write to the target swaps a directory of it for a link while a restore runs: between
 * the moment when it was made and the moment when a thread opens it to write files into it.
 */
import fs from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it } from 'vitest';
import { ingot } from '../harness/run.ts';
import { makeTree, temporaryDirectory } from '../harness/tree.ts';
import { pathsIn, snapshotOf } from './snapshots.ts';

const SWAPPED = fileURLToPath(new URL('../fixtures/swapped-directory.mjs', import.meta.url));

let folder: string;
let store: string;
let back: string;
let outside: string;
beforeEach(async () => {
  folder = temporaryDirectory();
  back = join(folder, 'back');
  outside = makeTree({ 'b/c': { directory: true }, c: { directory: true } });
  fs.symlinkSync(outside, join(folder, 'link'));
  const tree = makeTree({ 'a/b/c/file': 'file', 'z/other': 'other', 'a/b/c/l': { symlink: 'x' } });
  store = await snapshotOf(tree, join(folder, 'store'));
});

const restoring = (path: string, ...more: string[]) =>
  ingot(['restore', 'latest', back, '--store', store, '--threads', '1', '-q', ...more], {
    env: {
      NODE_OPTIONS: `--import ${SWAPPED}`,
      SWAP_DIRECTORY: JSON.stringify({
        ...{ nth: 1, from: join(back, path), aside: join(folder, 'aside') },
        to: join(folder, 'link'),
      }),
    },
  });

describe('a directory that becomes a link after it was made', () => {
  it.each(['a', 'a/b', 'a/b/c'])('leads nobody out of the target: at %s', (path) => {
    const ended = restoring(path);
    expect(ended.stderr).toMatch(
      /^(ingot: cannot (restore a file|restore a link|finish a directory): [^\n]*\((ELOOP|ENOTDIR)\); a link has taken[^\n]*\n)+$/,
    );
    expect(ended.code).toBe(3);
    expect(fs.readFileSync(join(back, 'z/other'), 'utf8')).toBe('other');
    expect(pathsIn(outside).sort()).toEqual(['', 'b', 'b/c', 'c']);
    expect(fs.statSync(outside).mode & 0o777).toBe(0o700);
  });

  it('leads no removal out of the target', () => {
    expect(ingot(['restore', 'latest', back, '--store', store, '-q'])).toMatchObject({ code: 0 });
    fs.appendFileSync(join(back, 'a/b/c/file'), '!');
    const ended = restoring('a/b', '--overwrite', 'if-changed', '--delete');
    expect(ended.code).toBe(3);
    expect(pathsIn(outside).sort()).toEqual(['', 'b', 'b/c', 'c']);
  });

  it('is not the target itself, once that is open', () => {
    fs.mkdirSync(back);
    const ended = restoring('');
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(pathsIn(join(folder, 'aside')).length).toBe(8);
    expect(pathsIn(outside).sort()).toEqual(['', 'b', 'b/c', 'c']);
  });
});
