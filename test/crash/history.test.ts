import { describe, expect, test } from 'vitest';
import type { Action, Call } from './calls.ts';
import { Content, type Image } from './disk-image.ts';
import { History } from './history.ts';

const EMPTY: Image = new Map();
const at = (begun: number, ended: number, action: Action): Call => ({ ...action, begun, ended });
/** One call after the other. */
const inTurn = (...actions: Action[]): Call[] => actions.map((action, n) => at(n, n, action));

const open = (path: string, fd: number): Action => ({
  ...{ name: 'open', path, fd, creates: false, appends: false },
});
const create = (path: string, fd: number): Action => ({
  ...{ name: 'open', path, fd, creates: true, appends: false },
});
const write = (fd: number, text = 'x', offset?: number): Action => ({
  ...{ name: 'write', fd, bytes: Buffer.from(text), at: offset },
});
const flush = (fd: number): Action => ({ name: 'flush', fd, path: '' });
const close = (fd: number): Action => ({ name: 'close', fd });
const mkdir = (path: string): Action => ({ name: 'mkdir', path });
const rename = (from: string, to: string): Action => ({ name: 'rename', from, to });

const history = (...runs: Call[][]) => new History('/w', EMPTY, runs);
const durable = (steps: readonly { what: string; durableFrom: number }[]) =>
  steps.map(({ what, durableFrom }) => [what, durableFrom]);

describe('a write', () => {
  const run = (...rest: Call[]) =>
    history([at(0, 0, create('/w/a', 5)), at(1, 3, write(5)), ...rest]).writes[0]!.durableFrom;

  test('is durable when a flush of its file that began after its end has ended', () => {
    expect(run(at(4, 6, flush(5)), at(7, 8, flush(5)))).toBe(6);
  });

  test('is not made durable by a flush that began before its end', () => {
    expect(run(at(2, 6, flush(5)))).toBe(Number.POSITIVE_INFINITY);
    expect(run(at(2, 6, { name: 'syncfs' }), at(7, 9, { name: 'syncfs' }))).toBe(9);
  });

  test('is not made durable by the flush of another file or of a folder', () => {
    const other = [at(4, 4, create('/w/b', 6)), at(5, 5, flush(6))];
    const folder = [at(6, 6, open('/w', 7)), at(7, 7, flush(7))];
    expect(run(...other, ...folder)).toBe(Number.POSITIVE_INFINITY);
  });

  test('is made durable through another descriptor, of the file by its new name', () => {
    const rest = [at(4, 4, close(5)), at(5, 5, rename('/w/a', '/w/b')), at(6, 6, open('/w/b', 5))];
    expect(run(...rest, at(7, 7, flush(5)))).toBe(7);
  });
});

describe('a name', () => {
  test('is durable by a flush of its folder, whose own name is another', () => {
    const { changes } = history(
      inTurn(
        mkdir('/w/d'),
        create('/w/d/a', 5),
        open('/w/d', 6),
        flush(6),
        open('/w', 7),
        flush(7),
      ),
    );
    expect(durable(changes)).toEqual([
      ['mkdir d', 5],
      ['create d/a', 3],
    ]);
  });

  test('is not durable by a flush of its file', () => {
    const { changes } = history(inTurn(create('/w/a', 5), flush(5)));
    expect(durable(changes)).toEqual([['create a', Number.POSITIVE_INFINITY]]);
  });

  test('given by rename is durable by a flush of the new folder; one of the old ends the old name', () => {
    const moved = [mkdir('/w/d'), create('/w/a', 5), rename('/w/a', '/w/d/b')];
    const [old, fresh] = ['/w', '/w/d'].map((folder) =>
      history(inTurn(...moved, open(folder, 6), flush(6))).changes.at(-1),
    );
    expect(old!.durableFrom).toBe(Number.POSITIVE_INFINITY);
    expect(old!.names.map(({ durableFrom }) => durableFrom)).toEqual([4, Number.POSITIVE_INFINITY]);
    expect(fresh!.durableFrom).toBe(4);
    expect(fresh!.names.map(({ name, inode }) => [name, inode])).toEqual([
      ['a', undefined],
      ['b', 2],
    ]);
  });
});

test('a descriptor number that is free again means the new file', () => {
  // The close ends after an open on another thread was given its number.
  const { writes } = history([
    at(0, 0, create('/w/a', 5)),
    at(1, 4, close(5)),
    at(2, 3, create('/w/b', 5)),
    at(5, 5, write(5)),
  ]);
  expect(writes[0]!.inode).toBe(2);
});

test('bytes go where the descriptor stands, to a given place, or to the end', () => {
  const log: Action = { name: 'open', path: '/w/a', fd: 6, creates: true, appends: true };
  const { writes } = history(
    inTurn(create('/w/a', 5), write(5, 'ab'), write(5, 'c'), write(5, 'd', 9), log, write(6, 'e')),
  );
  expect(writes.map(({ at }) => at)).toEqual([0, 2, 9, 10]);
});

test('one run comes after the other, with descriptors of its own', () => {
  const before: Image = new Map([['a', new Content(() => Buffer.from('old'))]]);
  const acknowledge: Action = { name: 'acknowledge' };
  const runs = [
    inTurn(create('/w/b', 5), write(5), acknowledge),
    inTurn(open('/w/a', 5), { name: 'syncfs' }, acknowledge, acknowledge),
    inTurn(mkdir('/w/c')),
  ];
  const { acknowledged, writes, changes } = new History('/w', before, runs);
  expect(acknowledged).toEqual([2, 5, Number.POSITIVE_INFINITY]);
  expect(writes[0]!.durableFrom).toBe(4);
  expect(changes.map(({ begun }) => begun)).toEqual([0, 7]);
});

test('what the log does not tell is refused', () => {
  expect(() => history(inTurn(write(5)))).toThrow(/what descriptor 5 is/);
  expect(() => history(inTurn(create('/w/a', 5)), inTurn(write(5)))).toThrow(/descriptor 5 is/);
  expect(() => history(inTurn(rename('/w/a', '/w/b')))).toThrow(/what \/w\/a is/);
  const cut: Action = { name: 'truncate', fd: 5, size: 3 };
  expect(() => history(inTurn(create('/w/a', 5), cut))).toThrow(/change the size/);
});
