/** Links of a directory that was walked, with openat2(2) and without. */
import fs from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { escapeName, toBytes } from '../../src/names.ts';
import { nodeStatus } from '../../src/native/file-status.ts';
import { type Files, nodeFiles } from '../../src/native/files.ts';
import { loadLibc } from '../../src/native/libc.ts';
import { LongPaths } from '../../src/sources/long-paths.ts';
import { SourceDirectory } from '../../src/sources/source-directory.ts';
import { countOpenIn } from '../harness/open-files.ts';
import { makeTree } from '../harness/tree.ts';

const libcFiles: Files = (await loadLibc())!.files;

let root: string;
beforeEach(() => {
  root = makeTree({ 'd/file': 'content', 'd/link': { symlink: '../no where' }, 'd/sub/f': '' });
});

describe.each([
  ['below their directory', libcFiles, true],
  ['by their path', nodeFiles, true],
  ['by their path, where they were named on their own', libcFiles, false],
] as const)('links that are read %s', (_, files, walked) => {
  const open = (directory = join(root, 'd')) => {
    const long = new LongPaths(files);
    const withoutLinks = walked ? directory : undefined;
    const opened = new SourceDirectory({ directory, withoutLinks }, files, long);
    onTestFinished(() => {
      opened.close();
      long.close();
      expect(countOpenIn(root)).toBe(0);
    });
    return opened;
  };
  const read = (name: string) => open().readLink(name, nodeStatus);

  it('have their target, which may lead nowhere, and the status of the link itself', () => {
    fs.lutimesSync(join(root, 'd/link'), 1, 2);
    const { ino } = fs.lstatSync(join(root, 'd/link'));
    expect(read('link')).toMatchObject({
      target: '../no where',
      status: { inode: ino, modifiedSeconds: 2, links: 1 },
    });
  });

  it('keep every byte of a target', () => {
    const directory = open();
    const target = Buffer.from([0x61, 0xff, 0x0a, 0x5c, 0x2f, 0xc3, 0x28]);
    fs.symlinkSync(target, join(root, 'd/odd'));
    expect(directory.readLink('odd', nodeStatus)?.target).toBe(escapeName(target));
    const longest = Buffer.alloc(4095, 'x');
    fs.symlinkSync(longest, join(root, 'd/long'));
    expect(directory.readLink('long', nodeStatus)?.target).toBe(longest.toString());
  });

  it('may have names of any bytes', () => {
    const name = Buffer.from([0x6c, 0xff, 0x0a]);
    fs.symlinkSync('t', Buffer.concat([Buffer.from(`${root}/d/`), name]));
    expect(read(escapeName(name))?.target).toBe('t');
    expect(toBytes(escapeName(name)).equals(name)).toBe(true);
  });

  it.each(['file', 'sub'])('are none where something else is by now: a %s', (name) => {
    expect(read(name)).toBeUndefined();
  });

  it('fail with ENOENT where nothing is any more', () => {
    const directory = open();
    for (let again = 0; again < 2; again++)
      expect(() => directory.readLink('gone', nodeStatus)).toThrow(
        expect.objectContaining({ code: 'ENOENT' }),
      );
  });

  it('are read one after the other, among files', () => {
    const directory = open();
    for (let again = 0; again < 3; again++) {
      expect(directory.readLink('link', nodeStatus)?.target).toBe('../no where');
      files.close(directory.open('file'));
    }
  });
});

it('a link is not read through a link that has taken the place of its directory', () => {
  const outside = makeTree({ link: { symlink: 'outside' } });
  const long = new LongPaths(libcFiles);
  const directory = join(root, 'd');
  const opened = new SourceDirectory({ directory, withoutLinks: directory }, libcFiles, long);
  fs.renameSync(directory, join(root, 'aside'));
  fs.symlinkSync(outside, directory);
  expect(() => opened.readLink('link', nodeStatus)).toThrow(
    expect.objectContaining({ code: 'ENOTDIR' }),
  );
  opened.close();
  long.close();
});
