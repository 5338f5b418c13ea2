import fs from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { UsageError } from '../../../src/errors.ts';
import { escapeName } from '../../../src/names.ts';
import { isUtf16 } from '../../../src/sources/walk/encoding.ts';
import { readExcludeFiles } from '../../../src/sources/walk/exclude/exclude-files.ts';
import { loadExcludes } from '../../../src/sources/walk/exclude/excludes.ts';
import { makeTree } from '../../harness/tree.ts';

/** Whether a file, or a directory when the path ends in a slash, is left out. */
async function excluded(patterns: readonly string[], path: string): Promise<boolean> {
  const isDirectory = path.endsWith('/');
  const rules = await loadExcludes(patterns);
  return rules!.excludes(isDirectory ? path.slice(0, -1) : path, isDirectory);
}

test('without patterns there are no rules to ask', async () => {
  expect(await loadExcludes([])).toBeUndefined();
});

test.each([
  ['*.tmp', 'a/b.tmp', true],
  ['*.tmp', 'a/b.TMP', false],
  ['/a', 'a', true],
  ['/a', 'b/a', false],
  ['build/', 'x/build/', true],
  ['build/', 'x/build', false],
  ['a/**/z', 'a/b/c/z', true],
  ['[!a]x', 'bx', true],
  ['\\#x', '#x', true],
  ['#x', '#x', false],
  ['', 'x', false],
  ['größe', 'größe', true],
  ['gr??e', 'größe', false],
  ['gr????e', 'größe', true],
  ['?', 'é', false],
  ['??', 'é', true],
  ['[!a]', 'é', false],
  ['[^a][^a]', 'é', true],
  ['[é]*', 'è', true],
  ['à', 'à', true],
  ['à ', 'à', true],
  ['[à-ü]?', 'ÿ', true],
  ['[[:space:]]', '\udc0a', true],
  ['a[[:space:]]', 'a\udc0d', true],
  ['[[:cntrl:]]b', '\udc0ab', true],
  ['[![:cntrl:]]', '\udc0d', false],
  ['[\x01-\x7f]', '\udc0a', true],
  ['[\x01-\x7f]a', '\udc0da', true],
  ['[\x0b-\x7f]', '\udc0a', false],
  ['a\r', 'a\udc0d', true],
  ['a\udc0ab', 'a\udc0ab', true],
  ['a\0b', 'a', true],
])('the pattern %j on %j: %s, as in git', async (pattern, path, expected) => {
  expect(await excluded([pattern], path)).toBe(expected);
});

test('the last pattern that matches decides', async () => {
  expect(await excluded(['*.log', '!keep.log'], 'keep.log')).toBe(false);
  expect(await excluded(['!keep.log', '*.log'], 'keep.log')).toBe(true);
});

test('names with a backslash or bytes that are not UTF-8 match byte by byte', async () => {
  expect(await excluded(['a\\\\b'], 'a\udc5cb')).toBe(true);
  expect(await excluded(['a?b'], 'a\udcffb')).toBe(true);
  expect(await excluded(['*.tmp'], 'a\udcff\udc0a.tmp')).toBe(true);
  expect(await excluded(['a*'], 'a\udce2\udc80\udca8')).toBe(true);
});

test('a file of patterns is read byte for byte, with either line ending and a byte order mark', async () => {
  const file = `${makeTree({ rules: Buffer.from('\ufeff*.a\r\nb\xff\n# c\n\n', 'utf8') })}/rules`;
  const latin1 = `${makeTree({ rules: Buffer.from('b\xff\n', 'latin1') })}/rules`;
  const rules = (await loadExcludes(await readExcludeFiles([latin1, file])))!;
  expect(rules.excludes('x.a', false)).toBe(true);
  expect(rules.excludes('b\udcff', false)).toBe(true);
  expect(rules.excludes('c', false)).toBe(false);
});

test('a file of patterns that is missing or a directory is a usage error that names it', async () => {
  const root = makeTree({});
  for (const [file, code] of [
    [`${root}/missing`, 'ENOENT'],
    [root, 'EISDIR'],
  ] as const) {
    const error = await readExcludeFiles([file]).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UsageError);
    expect(error).toMatchObject({ code, path: file });
  }
});

test('a file of patterns that has no end is refused', async () => {
  const error = await readExcludeFiles(['/dev/zero']).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UsageError);
  expect(error).toMatchObject({ path: '/dev/zero', why: 'it holds more than 1 MiB' });
});

test('patterns may come slowly, and the waiting for them can be ended', async () => {
  const fifo = `${makeTree({ rules: { fifo: true } })}/rules`;
  const writer = fs.openSync(fifo, fs.constants.O_RDWR);
  const stop = new AbortController();
  const patterns = readExcludeFiles([fifo], stop.signal);
  setTimeout(() => stop.abort(new Error('stop')), 20);
  await expect(patterns).rejects.toThrow('stop');
  const read = readExcludeFiles([fifo]);
  setTimeout(() => fs.closeSync(writer), 20);
  fs.writeSync(writer, '*.a\n');
  expect(await read).toEqual(['*.a', '']);
});

test('rules still hold after more paths than are remembered', async () => {
  const rules = (await loadExcludes(['*.tmp', '!keep.tmp']))!;
  for (let i = 0; i < 25_000; i++) expect(rules.excludes(`d/${i}.tmp`, false)).toBe(true);
  expect(rules.excludes('d/keep.tmp', false)).toBe(false);
});

/** Any bytes that a directory can list. */
const anyName = fc
  .uint8Array({ min: 1, minLength: 1, maxLength: 12 })
  .map((raw) => escapeName(raw.map((byte) => (byte === 0x2f ? 0x2e : byte))))
  .filter((name) => !/^\.{1,2}$/.test(name));

test('what is not remembered far down a tree is not asked for from deep in the stack', async () => {
  const rules = (await loadExcludes(['*.o', 'no/']))!;
  // A walk goes to and fro between branches.
  for (const branch of ['d/', 'e/'])
    expect(rules.excludes(`${branch.repeat(14_000)}f.o`, false)).toBe(true);
  // All is forgotten with the 10,000th; the first compiled the patterns.
  for (let n = 4; n < 9_999; n++) rules.excludes('d', true);
  for (const branch of ['d/', 'e/'])
    expect(rules.excludes(`${branch.repeat(14_000)}g.o`, false)).toBe(true);
});

test('no name and no pattern makes the rules throw', async () => {
  const pattern = fc.string({ unit: fc.constantFrom(...'ab*?[]!-^\\/#. \n{}()|+$'), maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(pattern, anyName, fc.boolean(), async (rule, path, isDirectory) => {
      (await loadExcludes([rule]))!.excludes(path, isDirectory);
    }),
    { numRuns: 2000 },
  );
});

test('a file of any bytes but UTF-16 is a file of patterns', async () => {
  const bytes = fc.uint8Array({ maxLength: 60 }).filter((raw) => !isUtf16(Buffer.from(raw)));
  const folder = makeTree({ rules: '' });
  await fc.assert(
    fc.asyncProperty(bytes, anyName, fc.boolean(), async (rules, name, isDirectory) => {
      fs.writeFileSync(`${folder}/rules`, rules);
      const patterns = await readExcludeFiles([`${folder}/rules`]);
      const answer = (await loadExcludes(patterns))?.excludes(name, isDirectory) ?? false;
      expect(typeof answer).toBe('boolean');
    }),
  );
});
