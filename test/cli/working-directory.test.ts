import fs from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { script } from '../harness/run.ts';
import { makeTree } from '../harness/tree.ts';

test.each(['ingest "$OLDPWD/src"', 'put "$OLDPWD/src/a"', 'verify', 'stats', 'doctor'])(
  'in a working directory that was removed nothing begins: %s',
  (command) => {
    const cwd = makeTree({ 'src/a': 'hello', 'gone/x': { directory: true } });
    const { code, stdout, stderr } = script(
      `cd gone/x && rm -r ../../gone && $INGOT ${command} --store "$OLDPWD/store"`,
      { cwd },
    );
    expect({ code, stdout, stderr }).toEqual({
      code: 1,
      stdout: '',
      stderr:
        `ingot: cannot find the working directory: ${cwd}/gone/x: ` +
        'no such file or directory (ENOENT); change to a directory that exists\n',
    });
  },
);

test('in a working directory that was removed the help can be read', () => {
  const cwd = makeTree({ gone: { directory: true } });
  const ended = script('cd gone && rmdir ../gone && $INGOT --help && $INGOT --version', { cwd });
  expect(ended).toMatchObject({ code: 0, stderr: '' });
});

test('a working directory whose path is too long is told so, and not to be missing', () => {
  const cwd = makeTree({ s: { directory: true } });
  const name = 'd'.repeat(250);
  const deep = `for n in {1..17}; do mkdir ${name}; cd -P ${name}; done`;
  const ended = script(`${deep}; $INGOT stats --store s`, { cwd });
  expect(ended.stderr).toMatch(
    /: its path is too long \(ERANGE\); change to a directory with a shorter path\n$/,
  );
  expect(ended.code).toBe(1);
});

test.each(['ingest f --store s', 'put f --store s', 'verify --store s', 'selftest .'])(
  'in a working directory whose name is not UTF-8 a relative store would be in another: %s',
  (args) => {
    const cwd = makeTree({});
    const inside = `mkdir $'odd\\xff' && cd $'odd\\xff' && echo hello > f && $INGOT ${args}`;
    expect(script(inside, { cwd })).toEqual({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(
        /^ingot: cannot use a relative path here: [s.]: the path of the working directory is not UTF-8; give an absolute path, [^\n]*\n$/,
      ),
    });
    expect(fs.readdirSync(cwd, { encoding: 'latin1' })).toEqual(['odd\u00ff']);
  },
);

test('in a working directory whose name is not UTF-8 a store may have an absolute path', () => {
  const cwd = makeTree({});
  const inside = `mkdir $'odd\\xff' && cd $'odd\\xff' && echo hello > f && $INGOT ingest f -q --store ${cwd}/s`;
  expect(script(inside, { cwd })).toMatchObject({ code: 0, stderr: '' });
  expect(fs.readdirSync(join(cwd, 's')).length).toBe(2);
});

test('the mark that stands for what is not UTF-8 may itself be in the name', () => {
  const cwd = makeTree({});
  const inside = `mkdir odd\ufffd && cd odd\ufffd && echo hello > f && $INGOT ingest f -q --store s`;
  expect(script(inside, { cwd })).toMatchObject({ code: 0, stderr: '' });
  expect(fs.readdirSync(join(cwd, 'odd\ufffd', 's')).length).toBe(2);
});
