import fs from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadLibc } from '../../src/native/libc.ts';
import { makeTree } from '../harness/tree.ts';

const { renameNew } = (await loadLibc())!;

test('a rename that replaces nothing moves to a free name, and leaves a taken one', () => {
  const tree = makeTree({ from: 'moved', other: 'stays' });
  const at = (name: string) => join(tree, name);
  expect(renameNew(at('from'), at('to'))).toBe(true);
  expect(renameNew(at('to'), at('other'))).toBe(false);
  const read = (name: string) => [name, fs.readFileSync(at(name), 'utf8')];
  expect(fs.readdirSync(tree).sort().map(read)).toEqual([
    ['other', 'stays'],
    ['to', 'moved'],
  ]);
});

test('a rename of what is not there is told as fs tells it', () => {
  const tree = makeTree({});
  const call = () => renameNew(join(tree, 'from'), join(tree, 'to'));
  expect(call).toThrow(expect.objectContaining({ code: 'ENOENT', syscall: 'rename', errno: -2 }));
});
