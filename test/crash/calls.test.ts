import { expect, test } from 'vitest';
import { readCalls } from './calls.ts';

const read = (...lines: string[]) => readCalls(lines.join('\n'), '/s');
const actions = (...lines: string[]) =>
  read(...lines).map(({ begun: _b, ended: _e, ...action }) => action);

test('each call that changes a file below the directory is typed', () => {
  expect(
    actions(
      '7 openat(AT_FDCWD</t>, "/s/a", O_WRONLY|O_CREAT|O_EXCL|O_CLOEXEC, 0444) = 5</s/a>',
      String.raw`7 write(5</s/a>, "ab\n", 3) = 2`,
      '7 pwrite64(5</s/a>, "x", 1, 4096) = 1',
      '7 openat(AT_FDCWD</t>, "/proc/self/fd/8", O_RDONLY|O_CLOEXEC) = 6</s/b>',
      '7 ioctl(5</s/a>, BTRFS_IOC_CLONE or FICLONE, 6) = 0',
      '7 ftruncate(5</s/a>, 0) = 0',
      '7 fdatasync(5</s/a>) = 0',
      '7 syncfs(4</s>) = 0',
      '7 close(5</s/a>(deleted)) = 0',
      '7 mkdir("/s/d", 0700) = 0',
      '7 unlinkat(4</s>, "d", AT_REMOVEDIR) = 0',
      '7 unlinkat(4</s>, "a", 0) = 0',
      '7 link("/s/a", "/s/b") = 0',
      '7 openat(AT_FDCWD</t>, "/s/d", O_WRONLY|O_CLOEXEC|O_TMPFILE, 0444) = 9</s/d/#12>(deleted)',
      '7 write(9</s/d/#12>(deleted), "y", 1) = 1',
      '7 linkat(AT_FDCWD</t>, "/proc/self/fd/9", AT_FDCWD</t>, "/s/c", AT_SYMLINK_FOLLOW) = 0',
      '7 linkat(9</s/d/#12>(deleted), "", AT_FDCWD</t>, "/s/e", AT_EMPTY_PATH) = 0',
      '7 renameat2(AT_FDCWD</s>, "a", AT_FDCWD</s>, "d/b", RENAME_NOREPLACE) = 0',
    ),
  ).toEqual([
    { name: 'open', path: '/s/a', fd: 5, creates: true, appends: false },
    { name: 'write', fd: 5, bytes: Buffer.from('ab'), at: undefined },
    { name: 'write', fd: 5, bytes: Buffer.from('x'), at: 4096 },
    { name: 'open', path: '/s/b', fd: 6, creates: false, appends: false },
    { name: 'clone', fd: 5, source: 6 },
    { name: 'truncate', fd: 5, size: 0 },
    { name: 'flush', fd: 5, path: '/s/a' },
    { name: 'syncfs' },
    { name: 'close', fd: 5 },
    { name: 'mkdir', path: '/s/d' },
    { name: 'rmdir', path: '/s/d' },
    { name: 'unlink', path: '/s/a' },
    { name: 'link', from: '/s/a', to: '/s/b' },
    { name: 'open', path: '/s/d/#12', fd: 9, creates: false, appends: false, nameless: true },
    { name: 'write', fd: 9, bytes: Buffer.from('y'), at: undefined },
    { name: 'link', from: '/proc/self/fd/9', to: '/s/c' },
    { name: 'link', from: '/proc/self/fd/9', to: '/s/e' },
    { name: 'rename', from: '/s/a', to: '/s/d/b' },
  ]);
});

test('the first output and an exit with 0 are the word of success, another exit is none', () => {
  const acknowledge = { name: 'acknowledge' };
  expect(actions('7 write(1</dev/pts/1>, "done", 4) = 4')).toEqual([acknowledge]);
  expect(actions('7 exit_group(0) = ?')).toEqual([acknowledge]);
  expect(actions('7 exit_group(1) = ?')).toEqual([]);
});

test('what failed, and what lies elsewhere, is left out', () => {
  expect(
    actions(
      '7 fsync(5</s/a>) = -1 EIO (Input/output error)',
      '7 fsync(5</store/a>) = 0',
      '7 syncfs(5</t>) = 0',
      '7 write(17<anon_inode:[eventfd]>, "\\1", 1) = 1',
      '7 mkdir("/t/s", 0700) = 0',
    ),
  ).toEqual([]);
});

test.each([
  '7 truncate("/s/a", 3) = 0',
  '7 fallocate(5</s/a>, 0, 0, 10) = 0',
  '7 writev(5</s/a>, [{iov_base="x", iov_len=1}], 1) = 1',
  '7 copy_file_range(6</t/a>, NULL, 5</s/a>, NULL, 10, 0) = 10',
  '7 symlinkat("/t", AT_FDCWD</t>, "/s/a") = 0',
  '7 openat(AT_FDCWD</t>, "/s/a", O_WRONLY|O_CREAT|O_TRUNC, 0444) = 5</s/a>',
  '7 renameat2(AT_FDCWD</t>, "/s/a", AT_FDCWD</t>, "/s/b", RENAME_EXCHANGE) = 0',
  '7 renameat2(AT_FDCWD</t>, "/s/a", AT_FDCWD</t>, "/s/b", RENAME_NOREPLACE|RENAME_WHITEOUT) = 0',
])('a change of a kind that the model does not know is refused: %s', (line) => {
  expect(() => read(line)).toThrow(/a call that the model does not know/);
});

test('a change that was cut off is refused', () => {
  expect(() => read('7 rename("/s/a", "/s/b" <unfinished ...>')).toThrow(/was cut off/);
  expect(() => read('7 rename("/s/a", "/s/b") = ? <unavailable>')).toThrow(/was cut off/);
});
