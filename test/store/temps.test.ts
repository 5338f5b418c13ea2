import fs from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import type { FileOps } from '../../src/store/file-ops.ts';
import { TempFolder } from '../../src/store/temps.ts';
import { errno, tempFolder } from './temp-store.ts';

let folder: string;
let source: number;
beforeEach((context) => {
  folder = tempFolder();
  const path = join(tempFolder(), 'source');
  fs.writeFileSync(path, 'content');
  source = fs.openSync(path, 'r');
  context.onTestFinished(() => fs.closeSync(source));
});

/** Operations of a file system that shares blocks, as the one at hand may not. */
const cloning = (more: Partial<FileOps> = {}): FileOps => ({
  ...fs,
  copyFileSync: (from, to) => fs.copyFileSync(from, to, fs.constants.COPYFILE_EXCL),
  ...more,
});

const failing = (code: string) => () => {
  throw errno(code);
};

test.each(['ENOSPC', 'EDQUOT', 'EIO', 'EROFS', 'EMFILE', 'ENFILE'])(
  'a clone that ends in %s fails, and the next one is tried again',
  (code) => {
    let copies = 0;
    const { copyFileSync } = cloning();
    const ops = cloning({
      copyFileSync: (...args) => (copies++ === 0 ? failing(code)() : copyFileSync(...args)),
    });
    const temps = new TempFolder(folder, folder, ops);
    expect(() => temps.clone(source, 1)).toThrow(expect.objectContaining({ code }));
    const temp = temps.clone(source, 1)!;
    expect(fs.readFileSync(temp.path, 'utf8')).toBe('content');
    temps.remove(temp);
  },
);

test.each(['EXDEV', 'EOPNOTSUPP', 'EINVAL', 'ENOTTY'])(
  'a device that shares no blocks is asked once, and others still are: %s',
  (code) => {
    const asked: unknown[] = [];
    const ops = cloning({
      copyFileSync: (from) => {
        asked.push(from);
        throw errno(code);
      },
    });
    const temps = new TempFolder(folder, folder, ops);
    for (const device of [1, 1, 2]) expect(temps.clone(source, device)).toBeUndefined();
    expect(asked).toHaveLength(2);
  },
);

test.each([
  ['EIO', 'fails'],
  ['EPERM', 'is done without'],
])('a clone whose mode cannot be set for %s %s, and leaves neither file nor descriptor', (code) => {
  const opened: number[] = [];
  const closed: number[] = [];
  const ops = cloning({
    openSync: (...args) => {
      opened.push(fs.openSync(...args));
      return opened.at(-1)!;
    },
    closeSync: (fd) => {
      closed.push(fd);
      fs.closeSync(fd);
    },
    fchmodSync: failing(code),
  });
  const temps = new TempFolder(folder, folder, ops);
  if (code === 'EIO') expect(() => temps.clone(source, 1)).toThrow(/EIO/);
  else expect(temps.clone(source, 1)).toBeUndefined();
  expect(opened).toHaveLength(1);
  expect(closed).toEqual(opened);
  expect(fs.readdirSync(folder)).toEqual([]);
});
