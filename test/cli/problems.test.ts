import { describe, expect, it } from 'vitest';
import { Problems } from '../../src/cli/problems.ts';
import type { Outcome } from '../../src/ingest/outcome.ts';

function problems() {
  const said: string[] = [];
  const held = new Problems((line) => said.push(line));
  const add = (path: string, outcome: Outcome = 'vanished', code = 'ENOENT') =>
    held.add({ path, outcome }, { what: 'no file', code, path });
  const addMany = (count: number, directory: string, outcome?: Outcome, code?: string) => {
    for (let n = 0; n < count; n++) add(`${directory}/f${n}`, outcome, code);
  };
  return { said, add, addMany, print: held.print.bind(held) };
}

const ENOENT = 'no such file or directory (ENOENT)';
const LOST = { what: 'a source was lost', code: 'ESTALE', path: '/s' };

describe('what could not be stored', () => {
  it('is named each as long as it is ten entries of a directory', () => {
    const { said, addMany, print } = problems();
    addMany(10, 'a');
    expect(said).toEqual([]);
    print([]);
    expect(said).toEqual(
      Array.from({ length: 10 }, (_, n) => `vanished: no file: a/f${n}: ${ENOENT}`),
    );
  });

  it('is one line when it is more, with the count', () => {
    const { said, addMany, print } = problems();
    addMany(11, 'a');
    addMany(1234, 'a\nb');
    print([]);
    expect(said).toEqual([
      `vanished: 11 entries of one directory: a: ${ENOENT}; -v names each`,
      `vanished: 1,234 entries of one directory: a\\x0ab: ${ENOENT}; -v names each`,
    ]);
  });

  it('is told apart by directory, outcome and errno', () => {
    const { said, addMany, print } = problems();
    addMany(6, 'a');
    addMany(6, 'a/b');
    addMany(6, 'a', 'unreadable', 'EIO');
    addMany(6, 'a', 'unreadable', 'EACCES');
    print([]);
    expect(said.length).toBe(4 * 6);
  });

  it('is of the working directory where it has none, and not of the root directory', () => {
    const { said, add, addMany, print } = problems();
    addMany(6, '');
    addMany(6, '.');
    for (let n = 0; n < 6; n++) add(`g${n}`);
    print([]);
    expect(said.length).toBe(6 + 1);
    expect(said.at(-1)).toContain('12 entries of one directory: .: ');
  });

  it('is said once', () => {
    const { said, addMany, print } = problems();
    addMany(11, 'a');
    print([]);
    print([]);
    expect(said.length).toBe(1);
  });

  it('comes after the sources that were lost, and what went with them is counted together', () => {
    const { said, addMany, print } = problems();
    addMany(6, '/s');
    addMany(6, '/s/a/b');
    addMany(6, '/s/c', 'unreadable', 'ESTALE');
    addMany(6, '/s/d', 'unreadable', 'ESTALE');
    addMany(2, '/s/e', 'unreadable', 'EACCES');
    addMany(2, '/sibling');
    print([LOST]);
    expect(said).toEqual([
      'a source was lost: /s: stale file handle (ESTALE)',
      `vanished: 12 entries of a lost source: /s: ${ENOENT}; -v names each`,
      'unreadable: 12 entries of a lost source: /s: stale file handle (ESTALE); -v names each',
      'unreadable: no file: /s/e/f0: permission denied (EACCES)',
      'unreadable: no file: /s/e/f1: permission denied (EACCES)',
      `vanished: no file: /sibling/f0: ${ENOENT}`,
      `vanished: no file: /sibling/f1: ${ENOENT}`,
    ]);
  });

  it('goes with the root directory like with another source', () => {
    const { said, addMany, print } = problems();
    addMany(6, '/a');
    addMany(6, '/b');
    print([{ ...LOST, path: '/' }]);
    expect(said.length).toBe(2);
  });

  it('is said early when it is too much to hold, however many directories it is in', () => {
    const { said, add, addMany, print } = problems();
    addMany(100_000, 'one');
    expect(said).toEqual([]);
    for (let n = 0; n < 20_000; n++) add(`d${n}/f`);
    expect(said.length).toBeGreaterThan(10_000);
    print([]);
    expect(said.length).toBe(20_001);
  });
});
