import fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { numberOf, owned } from '../../src/native/descriptor.ts';
import { nodeFiles } from '../../src/native/files.ts';
import { loadLibc } from '../../src/native/libc.ts';
import { O_TMPFILE } from '../../src/store/local/publish/temps.ts';
import { makeTree } from '../harness/tree.ts';

const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL } = fs.constants;
const O_CLOEXEC = 0o2000000;

const libc = (await loadLibc())!;
const error = (code: string, syscall: string) => expect.objectContaining({ code, syscall });

describe.each([
  ['libc', libc.files],
  ["Node's fs", nodeFiles],
])('files by %s', (_, files) => {
  it('are made with the mode that was asked for, and written from where the last write ended', () => {
    const path = join(makeTree({}), 'a');
    const fd = files.open(path, O_WRONLY | O_CREAT | O_EXCL, 0o440);
    expect(files.write(fd, Buffer.from('first '))).toBe(6);
    expect(files.write(fd, Buffer.from('.second.').subarray(1, 7))).toBe(6);
    files.close(fd);
    expect(fs.readFileSync(path, 'utf8')).toBe('first second');
    expect(fs.statSync(path).mode & 0o777).toBe(0o440);
  });

  it('are not left open to a program that is started', () => {
    const fd = files.open(join(makeTree({ a: 'x' }), 'a'), O_RDONLY, 0);
    const [, flags] = /^flags:\s+(\d+)$/m.exec(fs.readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))!;
    expect(Number.parseInt(flags!, 8) & O_CLOEXEC).toBe(O_CLOEXEC);
    files.close(fd);
    expect(() => fs.fstatSync(numberOf(fd))).toThrow('EBADF');
  });

  it('are read from where the last read ended, into the start of a buffer', () => {
    const fd = files.open(join(makeTree({ a: '012345' }), 'a'), O_RDONLY, 0);
    const into = Buffer.alloc(8, '.');
    expect(files.read(fd, into, 4)).toBe(4);
    expect(into.toString()).toBe('0123....');
    expect(files.read(fd, into.subarray(4), 4)).toBe(2);
    expect(into.toString()).toBe('012345..');
    expect(files.read(fd, into, 8)).toBe(0);
    files.close(fd);
  });

  it('are renamed, and replace what has the name', () => {
    const tree = makeTree({ from: 'moved', to: 'replaced' });
    files.rename(join(tree, 'from'), Buffer.from(join(tree, 'to')));
    expect(fs.readdirSync(tree)).toEqual(['to']);
    expect(fs.readFileSync(join(tree, 'to'), 'utf8')).toBe('moved');
  });

  it('have names of any bytes', () => {
    const name = Buffer.from([0xff, 0x0a]);
    const more = Buffer.from('what lies behind it in memory');
    const path = Buffer.concat([Buffer.from(`${makeTree({})}/`), name, more]).subarray(
      0,
      -more.length,
    );
    files.close(files.open(path, O_WRONLY | O_CREAT, 0o600));
    expect(fs.existsSync(path)).toBe(true);
  });

  it('tell each failure by its errno and its call', () => {
    const tree = makeTree({ a: '' });
    const at = (name: string) => join(tree, name);
    const fd = files.open(at('a'), O_RDONLY, 0);
    expect(() => files.write(fd, Buffer.from('x'))).toThrow(error('EBADF', 'write'));
    files.close(fd);
    const create = O_WRONLY | O_CREAT | O_EXCL;
    expect(() => files.open(at('a'), create, 0o600)).toThrow(error('EEXIST', 'open'));
    expect(() => files.open(at('a/b'), O_RDONLY, 0)).toThrow(error('ENOTDIR', 'open'));
    expect(() => files.rename(at('b'), at('c'))).toThrow(error('ENOENT', 'rename'));
    const closed = owned<'Files'>(1 << 20);
    expect(() => files.read(closed, Buffer.alloc(1), 1)).toThrow(error('EBADF', 'read'));
    expect(() => files.close(closed)).toThrow(error('EBADF', 'close'));
  });
});

describe('a file without a name', () => {
  const { files } = libc;

  it('gets one, which tells what is in the way', () => {
    const tree = makeTree({ taken: 'kept' });
    const fd = files.open(tree, O_WRONLY | O_TMPFILE, 0o444);
    files.write(fd, Buffer.from('content'));
    expect(() => files.link!(fd, join(tree, 'taken'))).toThrow(error('EEXIST', 'link'));
    expect(() => files.link!(fd, join(tree, 'no/folder'))).toThrow(error('ENOENT', 'link'));
    files.link!(fd, Buffer.from(join(tree, 'given')));
    files.close(fd);
    expect(fs.readFileSync(join(tree, 'given'), 'utf8')).toBe('content');
    expect(fs.readFileSync(join(tree, 'taken'), 'utf8')).toBe('kept');
  });
});
