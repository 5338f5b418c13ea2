import fs from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { nodeFileOps } from '../../src/files/file-ops.ts';
import { LockedTemp, sweepFile, sweepTempsOf } from '../../src/files/locked-temp.ts';
import { replaceFile } from '../../src/files/replace-file.ts';
import { escapeName, toFsPath } from '../../src/names.ts';
import { numberOf } from '../../src/native/descriptor.ts';
import { loadLibc } from '../../src/native/libc.ts';
import { errno, recordingOps } from '../harness/temp-store.ts';
import { temporaryDirectory } from '../harness/tree.ts';

const libc = (await loadLibc())!;

let folder: string;
let target: string;
beforeEach(() => {
  folder = temporaryDirectory();
  target = join(folder, 'file');
});

const open = (path = target) => LockedTemp.open(path, 0o600, libc, nodeFileOps);
const sweep = (path = target) => sweepTempsOf(path, libc, nodeFileOps);

/** What a process that was killed leaves: a temp whose lock nobody holds. */
function leaveTemp(path = target): void {
  nodeFileOps.closeSync(open(path).fd);
}

test('a temp is swept when the process that made it is dead, and only then', async () => {
  const alive = open();
  leaveTemp();
  leaveTemp();
  expect(await sweep()).toBe(2);
  expect(fs.readdirSync(folder).map((name) => join(folder, name))).toEqual([alive.path]);
  alive.close();
  expect(fs.readdirSync(folder)).toEqual([]);
});

test('a temp that became its file is not swept under its new name', async () => {
  const temp = open();
  fs.renameSync(temp.path, target);
  temp.close();
  expect(await sweep()).toBe(0);
  expect(fs.readdirSync(folder)).toEqual(['file']);
});

test('what is called otherwise, and temps of other files, are left alone', async () => {
  leaveTemp(join(folder, 'other'));
  const names = ['file', 'file.tmp-0123456789abcdef', 'file.ingot.tmp-0', 'x.ingot.tmp-'];
  for (const name of names) fs.writeFileSync(join(folder, name), '');
  const before = fs.readdirSync(folder);
  expect(await sweep()).toBe(0);
  expect(fs.readdirSync(folder)).toEqual(before);
});

test('neither a link nor a folder nor a fifo with the name of a temp is followed or removed', async () => {
  const id = (n: number) => `file.ingot.tmp-${String(n).repeat(16)}`;
  fs.writeFileSync(join(folder, 'mine'), 'mine');
  fs.symlinkSync('mine', join(folder, id(1)));
  fs.mkdirSync(join(folder, id(2)));
  expect(await sweep()).toBe(0);
  expect(fs.readdirSync(folder).sort()).toEqual([id(1), id(2), 'mine']);
});

test('a temp that a sweep removes before it is locked is made anew', () => {
  let swept = false;
  const racing = new Proxy(nodeFileOps, {
    get: (ops, name: keyof typeof nodeFileOps) =>
      name !== 'openSync'
        ? ops[name]
        : (...args: Parameters<typeof nodeFileOps.openSync>) => {
            const fd = ops.openSync(...args);
            if (!swept) swept = sweepFile(`${args[0]}`, libc, ops);
            return fd;
          },
  });
  const temp = LockedTemp.open(target, 0o600, libc, racing);
  expect(swept).toBe(true);
  expect(fs.existsSync(temp.path)).toBe(true);
  temp.close();
});

test('without libc nothing is swept', async () => {
  leaveTemp();
  expect(await sweepTempsOf(target, undefined, nodeFileOps)).toBe(0);
  expect(fs.readdirSync(folder)).toHaveLength(1);
});

test('names are byte-exact', async () => {
  const odd = join(folder, escapeName(Buffer.from([0x61, 0xff, 0x5c, 0x0a, 0xc3, 0xbc])));
  leaveTemp(odd);
  expect(await sweep(odd)).toBe(1);
  expect(fs.readdirSync(folder)).toEqual([]);
});

test('a file that is replaced is rid of the temps of earlier attempts', async () => {
  leaveTemp();
  await replaceFile(target, async (fd) => void fs.writeSync(numberOf(fd), 'new'));
  expect(fs.readdirSync(folder)).toEqual(['file']);
  expect(fs.readFileSync(toFsPath(target), 'utf8')).toBe('new');
});

test('a failed rename is told, whether the temp can be removed or not', async () => {
  const { ops } = recordingOps(({ name }) =>
    name === 'renameSync' ? errno('EIO') : name === 'unlinkSync' ? errno('EROFS') : undefined,
  );
  await expect(replaceFile(target, async () => {}, { ops })).rejects.toMatchObject({ code: 'EIO' });
});
