import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { digestOf } from '../../src/digest.ts';
import { isIngotError } from '../../src/errors.ts';
import { type Entry, groupOf } from '../../src/snapshot/entry.ts';
import { decodeEntry } from '../../src/snapshot/entry-line.ts';
import { Position } from '../../src/snapshot/position.ts';
import { damagedSegment } from '../../src/snapshot/refusals.ts';
import { anyTree, directoryAt, fileAt, lineOf } from './trees.ts';

const DIGEST = 'a'.repeat(64);
const FILE = `{"file":"f","mode":"644","uid":0,"gid":0,"mtime":"1","size":"2","sha256":"${DIGEST}"}`;
const DIRECTORY = '{"dir":"d","mode":"755","uid":0,"gid":0,"mtime":"-1"}';
const LINK = '{"link":"l","uid":0,"gid":0,"mtime":"0","target":"../t"}';
const MISSING = '{"missing":"m","why":"EACCES"}';

function decoded(line: string): Entry {
  return decodeEntry(line, new Position(), (why) => {
    throw damagedSegment(fileAt('x').digest, why);
  });
}

const nameOf = ({ path }: Entry) => path.slice(path.lastIndexOf('/') + 1);

test('an entry has a line that any JSON parser reads and that turns back into it', () => {
  const entries = anyTree.filter((tree) => tree.length > 0).map((tree) => tree.at(-1)!);
  fc.assert(
    fc.property(entries, (given) => {
      const entry = { ...given, path: nameOf(given) };
      const line = lineOf(entry, entry.path, 0);
      expect(line).not.toContain('\n');
      expect(() => JSON.parse(line)).not.toThrow();
      expect(decoded(line)).toEqual(entry);
    }),
  );
});

test('the lines are those of FORMAT.md', () => {
  const owned = { uid: 0, gid: 0 };
  const file = { ...fileAt('f'), ...owned, mtime: 1n, size: 2, digest: DIGEST } as Entry;
  expect(lineOf(file, 'f', 0)).toBe(FILE);
  const directory = { ...directoryAt('d'), ...owned, mtime: -1n } as Entry;
  expect(lineOf(directory, 'd', 0)).toBe(DIRECTORY);
  const link = { type: 'link', path: 'l', ...owned, mtime: 0n, target: '../t' } as const;
  expect(lineOf(link, 'l', 0)).toBe(LINK);
  expect(lineOf({ type: 'missing', path: 'm', why: 'EACCES' }, 'm', 3)).toBe(
    '{"up":3,"missing":"m","why":"EACCES"}',
  );
});

test('bytes that are no UTF-8 are spelt as Python spells them, all others as themselves', () => {
  const named = (path: string) =>
    lineOf({ type: 'missing', path, why: 'fifo' }, path, 0).slice(11, -14);
  expect(named('naïve 😀')).toBe('"naïve 😀"');
  expect(named('\udcff')).toBe('"\\udcff"');
  expect(named('\udc0a\udc5c"')).toBe('"\\n\\\\\\""');
  expect(named('\udce2\udc80\udca8')).toBe('"\u2028"');
});

describe('a line that is not the one spelling of an entry is refused', () => {
  const from = (line: string, ...changes: [string, string][]) =>
    changes.map(([old, by]) => [line.replace(old, by)] as const);
  const lines = [
    ...from(FILE, ['{', '{ '], ['"f"', '"\\u0066"'], ['"f"', '"\\/"'], ['"f"', '"a/b"']),
    ...from(FILE, ['"f"', '"."'], ['"f"', '".."'], ['"f"', '""'], ['"f"', '"\\u0000"']),
    ...from(FILE, ['"f"', '"\\udc66"'], ['"f"', '"\\udc2f"'], ['"f"', '"\\udcc3\\udca9"']),
    ...from(FILE, ['"f"', '"\\ud800"'], ['"f"', '"\\uDCFF"'], ['"f"', '"\\udc80\\udc00"']),
    ...from(FILE, ['"f"', `"${'n'.repeat(1025)}"`], ['"f"', '"\\x"'], ['"f"', '"\t"']),
    ...from(FILE, ['644', '0644'], ['644', '888'], ['644', '17777'], ['"644"', '420']),
    ...from(
      FILE,
      ['"uid":0', '"uid":-1'],
      ['"uid":0', '"uid":4294967296'],
      ['"uid":0', '"uid":1e3'],
    ),
    ...from(FILE, ['"mtime":"1"', '"mtime":"01"'], ['"mtime":"1"', '"mtime":"-0"']),
    ...from(FILE, ['"mtime":"1"', `"mtime":"${'9'.repeat(29)}"`], ['"mtime":"1"', '"mtime":1']),
    ...from(FILE, ['"2"', '"-2"'], ['"2"', '"9007199254740992"'], ['"2"', '"2.0"'], ['"2"', '2']),
    ...from(
      FILE,
      ['aaaa', 'AAAA'],
      ['aaaa', 'aaa'],
      ['"size":"2",', ''],
      ['}', ',"x":1}'],
      ['}', ''],
    ),
    ...from(FILE, ['}', '} '], ['{', '{"up":0,'], ['{', '{"up":1,'], ['{', '{"up":99999,']),
    ...from(FILE, ['}', `,"group":"${DIGEST.slice(1)}"}`], ['}', ',"xattrs":[]}']),
    ...from(FILE, ['}', ',"xattrs":[["user.a","YQ"]]}'], ['}', ',"xattrs":[["user.a","YQ==",]]}']),
    ...from(FILE, ['}', ',"xattrs":[["trusted.a",""]]}'], ['}', ',"xattrs":[["user.",""]]}']),
    ...from(FILE, ['}', ',"xattrs":[["user.b",""],["user.a",""]]}']),
    ...from(
      FILE,
      ['}', ',"xattrs":[["user.a",""],["user.a",""]]}'],
      ['}', ',"xattrs":[["user.a",""]}'],
    ),
    ...from(FILE, ['}', `,"xattrs":[["user.a","${'A'.repeat(100_000)}"]]}`]),
    ...from(DIRECTORY, ['}', ',"lacks":""}'], ['}', ',"lacks":"a b"}'], ['"mode":"755",', '']),
    ...from(
      LINK,
      ['../t', ''],
      ['../t', 'a\\u0000'],
      ['../t', '\\u0061'],
      ['../t', 't'.repeat(70_000)],
    ),
    ...from(MISSING, ['EACCES', ''], ['EACCES', '1'], ['"m"', '""'], ['"m"', 'null'], ['m', 'n"']),
    ...['', '{}', 'null', '[]', FILE + FILE, FILE.replace('file', 'dir'), `\ufeff${FILE}`].map(
      (line) => [line] as const,
    ),
  ];

  it.each(lines)('%.100s', (line) => {
    expect(() => decoded(line)).toThrow(expect.objectContaining({ code: 'INGOT_DAMAGED' }));
  });

  it.each([[FILE], [DIRECTORY], [LINK], [MISSING]])('but not %s', (line) => {
    expect(() => decoded(line)).not.toThrow();
  });

  it('and any line that is read is the one that is written', () => {
    const changed = fc
      .tuple(
        fc.constantFrom(FILE, DIRECTORY, LINK, MISSING),
        fc.nat(),
        fc.string({ unit: 'binary' }),
      )
      .map(
        ([line, at, by]) =>
          line.slice(0, at % line.length) + by + line.slice((at % line.length) + 1),
      );
    fc.assert(
      fc.property(changed, (line) => {
        try {
          const entry = decoded(line);
          expect(lineOf(entry, entry.path, 0)).toBe(line);
        } catch (error) {
          if (!isIngotError(error)) throw error;
        }
      }),
      { numRuns: 1000 },
    );
  });
});

test('a group of hard links is named by the bytes of a path', () => {
  expect(groupOf('a/\udcff')).toBe(digestOf(Buffer.from([0x61, 0x2f, 0xff])));
});

test('a target of a million escapes is read without overflow', () => {
  const line = LINK.replace('../t', '\\n'.repeat(500_000));
  expect(() => decoded(line)).toThrow('too long');
});
