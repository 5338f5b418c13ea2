import fs from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { countNamelessTemps } from '../../src/selftest/checks.ts';
import { O_TMPFILE } from '../../src/store/local/publish/temps.ts';
import { temporaryDirectory } from '../harness/tree.ts';

test('temps without a name are counted while they are open, nothing else that is open', () => {
  const directory = temporaryDirectory();
  const folder = join(directory, '.tmp-0a1b/0');
  fs.mkdirSync(folder, { recursive: true });
  const open = (path: string, flags: number) => fs.openSync(path, fs.constants.O_WRONLY | flags);
  const others = [open(directory, O_TMPFILE), open(join(folder, '1'), fs.constants.O_CREAT)];
  expect(countNamelessTemps(process.pid)).toBe(0);
  const temps = [open(folder, O_TMPFILE), open(folder, O_TMPFILE)];
  expect(countNamelessTemps(process.pid)).toBe(2);
  for (const fd of [...others, ...temps]) fs.closeSync(fd);
  expect(countNamelessTemps(process.pid)).toBe(0);
});

test('a process that is gone has none', () => {
  expect(countNamelessTemps(2 ** 30)).toBe(0);
});
