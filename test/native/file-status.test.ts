import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { isRegularFile, nodeStatus, statxStatus } from '../../src/native/file-status.ts';
import { loadLibc } from '../../src/native/libc.ts';
import { makeTree } from '../harness/tree.ts';

const libc = await loadLibc();
const statx = statxStatus(libc!.statx!);

describe('the status read through statx', () => {
  it('is what Node reads, for files of every type, size and time', () => {
    const root = makeTree({ empty: '', big: '', fifo: { fifo: true }, odd: 'x' });
    fs.truncateSync(path.join(root, 'big'), 5 * 2 ** 32 + 17);
    fs.utimesSync(path.join(root, 'odd'), 0, 4_102_444_800.123456);
    const files = [
      '/dev/null',
      '/dev/stdin',
      '/proc/self/status',
      root,
      ...fs.readdirSync(root).map((name) => path.join(root, name)),
    ];
    for (const file of files) {
      expect(statx.at(file)).toEqual(nodeStatus.at(file));
      expect(statx.atLink(file)).toEqual(nodeStatus.atLink(file));
    }
    expect(statx.at(path.join(root, 'big'))!.size).toBe(5 * 2 ** 32 + 17);
  });

  it('of an open file is that of its path', () => {
    const fd = fs.openSync('/etc/hostname', 'r');
    expect(statx.ofOpen(fd)).toEqual(statx.at('/etc/hostname'));
    expect(nodeStatus.ofOpen(fd)).toEqual(statx.at('/etc/hostname'));
    fs.closeSync(fd);
  });

  it.each([
    ['statx', statx],
    ['Node', nodeStatus],
  ])('through %s tells missing from failed', (_, reader) => {
    expect(reader.at('/nowhere')).toBeUndefined();
    expect(reader.atLink('/nowhere')).toBeUndefined();
    expect(() => reader.at(`/${'x'.repeat(300)}`)).toThrow(
      expect.objectContaining({ code: 'ENAMETOOLONG' }),
    );
    expect(() => reader.ofOpen(99_999)).toThrow(
      expect.objectContaining({ code: 'EBADF', syscall: 'fstat' }),
    );
  });

  it('takes names that are not UTF-8, and tells a link from what it leads to', () => {
    const name = Buffer.from([...Buffer.from(`${makeTree({ target: 'x' })}/`), 0xff, 0x0a]);
    fs.symlinkSync('target', name);
    expect(statx.at(name)).toEqual(nodeStatus.at(name));
    expect(statx.atLink(name)).toEqual(nodeStatus.atLink(name));
    expect(statx.atLink(name)!.size).toBe('target'.length);
  });

  it('tells devices apart', () => {
    expect(statx.at('/proc/self/status')!.device).not.toBe(statx.at('/etc/hostname')!.device);
  });

  it('knows a regular file', () => {
    expect(isRegularFile(statx.at('/etc/hostname')!)).toBe(true);
    for (const other of ['/etc', '/dev/null']) expect(isRegularFile(statx.at(other)!)).toBe(false);
  });
});
