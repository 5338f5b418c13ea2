import fs from 'node:fs';
import { basename, join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { type FileOps, nodeFileOps, type StoreFd } from '../../../../src/files/file-ops.ts';
import { numberOf } from '../../../../src/native/descriptor.ts';
import { loadLibc } from '../../../../src/native/libc.ts';
import { TempFolder } from '../../../../src/store/local/publish/temps.ts';
import { errno } from '../../../harness/temp-store.ts';
import { temporaryDirectory } from '../../../harness/tree.ts';

let folder: string;
let source: number;
beforeEach((context) => {
  folder = temporaryDirectory();
  const path = join(temporaryDirectory(), 'source');
  fs.writeFileSync(path, 'content');
  source = fs.openSync(path, 'r');
  context.onTestFinished(() => fs.closeSync(source));
});

/** Operations of a file system that shares blocks, as the one at hand may not. */
const cloning = (more: Partial<FileOps> = {}): FileOps => ({
  ...nodeFileOps,
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

test.each(['EINVAL', 'EPERM', 'ETXTBSY', 'EACCES'])(
  'a file whose blocks cannot be shared says nothing about the others of its device: %s',
  (code) => {
    let clones = 0;
    const { copyFileSync } = cloning();
    const ops = cloning({
      copyFileSync: (...args) => (clones++ === 0 ? failing(code)() : copyFileSync(...args)),
    });
    const temps = new TempFolder(folder, folder, ops);
    expect(temps.clone(source, 1)).toBeUndefined();
    expect(fs.readdirSync(folder)).toEqual([]);
    const temp = temps.clone(source, 1)!;
    expect(fs.readFileSync(temp.path, 'utf8')).toBe('content');
    temps.remove(temp);
  },
);

test.each(['EXDEV', 'ENOTSUP', 'ENOTTY'])(
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
  const opened: StoreFd[] = [];
  const closed: StoreFd[] = [];
  const ops = cloning({
    openSync: (...args) => {
      opened.push(nodeFileOps.openSync(...args));
      return opened.at(-1)!;
    },
    closeSync: (fd) => {
      closed.push(fd);
      nodeFileOps.closeSync(fd);
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

/** Operations that are written down, with files that have no name if the file system does. */
async function nameless(open: FileOps['openSync'] = nodeFileOps.openSync) {
  const files = (await loadLibc())!.files;
  const opened: unknown[] = [];
  const closed: StoreFd[] = [];
  const unlinked: unknown[] = [];
  const ops: FileOps = {
    ...nodeFileOps,
    openSync: (path, flags, mode) => {
      opened.push(path);
      return open(path, flags, mode);
    },
    closeSync: (fd) => {
      closed.push(fd);
      nodeFileOps.closeSync(fd);
    },
    unlinkSync: (path) => {
      unlinked.push(path);
      fs.unlinkSync(path);
    },
    linkOpenSync: files.link!,
  };
  return { temps: new TempFolder(folder, folder, ops), opened, closed, unlinked };
}

test('a temp without a name gets that of its object, and is closed', async () => {
  const { temps, closed } = await nameless();
  const temp = temps.openNameless(7);
  const { fd } = temp;
  fs.writeSync(numberOf(fd), 'content');
  expect(fs.readdirSync(folder)).toEqual([]);
  const object = join(temporaryDirectory(), 'object');
  expect(temps.publishNameless(temp, object)).toBe(true);
  expect(fs.readFileSync(object, 'utf8')).toBe('content');
  expect(fs.statSync(object).mode & 0o777).toBe(0o444);
  expect(closed).toEqual([fd]);
  expect(fs.readdirSync(folder)).toEqual([]);
});

test('a temp without a name gets one of a temp where its object is there, and is closed', async () => {
  const { temps, closed } = await nameless();
  const temp = temps.openNameless(7);
  const { fd } = temp;
  fs.writeSync(numberOf(fd), 'content');
  expect(temps.publishNameless(temp, `/proc/self/fd/${source}`)).toBe(false);
  expect(fs.readdirSync(folder)).toEqual([basename(temp.path)]);
  expect(fs.readFileSync(temp.path, 'utf8')).toBe('content');
  expect(closed).toEqual([fd]);
  temps.remove(temp);
  expect(fs.readdirSync(folder)).toEqual([]);
});

test('a temp without a name is gone when it is removed, and nothing is unlinked', async () => {
  const { temps, closed, unlinked } = await nameless();
  const temp = temps.openNameless(0);
  const { fd } = temp;
  temps.remove(temp);
  expect(closed).toEqual([fd]);
  expect(unlinked).toEqual([]);
});

test('a file system without nameless files is asked for one once', async () => {
  const { temps, opened } = await nameless((path, flags, mode) => {
    if (path === folder) throw errno('ENOTSUP');
    return nodeFileOps.openSync(path, flags, mode);
  });
  const made = [temps.openNameless(0), temps.openNameless(0)];
  expect(opened).toEqual([folder, ...made.map(({ path }) => path)]);
  expect(fs.readdirSync(folder).length).toBe(2);
  for (const temp of made) temps.remove(temp);
});
