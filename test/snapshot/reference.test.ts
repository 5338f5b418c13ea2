import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { digestOf } from '../../src/digest.ts';
import { isIngotError } from '../../src/errors.ts';
import { newId } from '../../src/snapshot/id.ts';
import { decodeReference, encodeReference, type Reference } from '../../src/snapshot/reference.ts';
import { anyName } from './trees.ts';

const REFERENCE: Reference = {
  id: '20261130T140203Z-3f2a9c1e',
  time: Date.UTC(2026, 10, 30, 14, 2, 3, 17),
  label: 'nightly',
  host: 'build7',
  user: 'ci',
  version: '1.4.0',
  sources: [{ given: './data', real: '/srv/data' }],
  users: [[1000, 'ci']],
  groups: [
    [0, 'root'],
    [1000, 'ci'],
  ],
  root: { digest: digestOf(Buffer.from('root')), level: 1, entries: 10, size: 12_345 },
  counts: { directories: 2, files: 5, links: 2, missing: 1 },
  added: 678,
  generation: '00ff',
  complete: false,
  lacks: [
    ['EACCES', 1],
    ['changed', 2],
  ],
};

/** With a checksum that fits. */
function sealed(line: string): Buffer {
  const text = `${line}\n`;
  return Buffer.from(`${text}{"sha256":"${digestOf(Buffer.from(text))}"}\n`);
}

const lineOf = (reference: Reference) => encodeReference(reference).toString().split('\n')[0]!;
const read = (bytes: Buffer) => decodeReference(bytes, REFERENCE.id);
const damaged = (why: string) =>
  expect.objectContaining({ code: 'INGOT_DAMAGED', why: expect.stringContaining(why) });

test('a reference comes back as it was', () => {
  const text = anyName.filter((name) => !/[:~/\p{Cc}]/u.test(name));
  const count = fc.nat({ max: 2 ** 40 });
  const counts = fc.record({ directories: count, files: count, links: count, missing: count });
  const any = fc.record({
    ...{ host: anyName, user: anyName, version: anyName, added: count, counts },
    label: fc.option(text, { nil: undefined }),
    sources: fc.array(fc.record({ given: anyName, real: anyName }), { maxLength: 3 }),
    time: fc.integer({ min: 0, max: 253_402_300_799_999 }),
    size: fc.maxSafeNat(),
    complete: fc.boolean(),
  });
  fc.assert(
    fc.property(any, ({ size, ...given }) => {
      const { directories, files, links, missing } = given.counts;
      const entries = directories + files + links + missing;
      const reference = { ...REFERENCE, ...given, root: { ...REFERENCE.root, entries, size } };
      expect(read(encodeReference(reference))).toEqual(reference);
    }),
  );
});

test('it is two lines, the second with the digest of the first', () => {
  const [line, sum, ...rest] = encodeReference(REFERENCE).toString().split('\n');
  expect(rest).toEqual(['']);
  expect(JSON.parse(sum!)).toEqual({ sha256: digestOf(Buffer.from(`${line}\n`)) });
  expect(Object.keys(JSON.parse(line!))).toEqual([
    ...['snapshot', 'id', 'time', 'label', 'host', 'user', 'version', 'sources', 'users', 'groups'],
    ...['root', 'counts', 'added', 'generation', 'complete', 'lacks'],
  ]);
});

describe('a reference that is not as it must be is refused', () => {
  const line = lineOf(REFERENCE);
  const cases: [string, string, string][] = [
    ['20261130T140203Z-3f2a9c1e', '20261130T140203Z-3f2a9c1f', 'another snapshot'],
    ['20261130T140203Z', '20261131T140203Z', 'id'],
    ['2026-11-30T14', '2026-11-31T14', ''],
    ['"label":"nightly"', '"label":"a/b"', 'label'],
    ['"label":"nightly"', '"label":null', 'label'],
    ['"host":"build7",', '', 'host'],
    ['"host":"build7"', '"host":7', 'host'],
    ['"host":"build7"', '"host":"a\\u0000"', 'host'],
    ['"sources":[', '"sources":[[],', 'sources'],
    ['[[1000,"ci"]]', '[[1000]]', 'pairs'],
    ['[[1000,"ci"]]', '[[1000,"ci",1]]', 'as it must be'],
    ['[[1000,"ci"]]', '[[-1,"ci"]]', 'users'],
    ['[[0,"root"],[1000,"ci"]]', '[[1000,"ci"],[0,"root"]]', 'not sorted'],
    ['"level":1', '"level":8', 'level'],
    ['"entries":10', '"entries":1e1', 'as it must be'],
    ['"entries":10', '"entries":10000000', 'not those of its entries'],
    ['"size":"12345"', '"size":"99999999999999999"', 'size'],
    ['"size":"12345"', '"size":"9007199254740993"', 'size'],
    ['"size":"12345"', '"size":12345', 'size'],
    ['"files":5', '"files":5.5', 'files'],
    ['"generation":"00ff"', '"generation":"../x"', 'generation'],
    ['"complete":false', '"complete":0', 'complete'],
    ['[["EACCES",1],["changed",2]]', '[]', 'lacks nothing'],
    ['[["EACCES",1],["changed",2]]', '[["changed",2],["EACCES",1]]', 'not sorted'],
    ['"EACCES"', '"a b"', 'lacks'],
    ['{"snapshot":1,', '{"snapshot":1, ', 'as it must be'],
    ['{"snapshot":1,', '{"snapshot":1,"snapshot":1,', 'as it must be'],
    ['"lacks"', '"extra":1,"lacks"', 'as it must be'],
    [line, '[]', ''],
    [line, 'null', 'object'],
    [line, '{"a"', 'object'],
  ];

  it.each(cases)('%s → %s', (old, by, why) => {
    expect(line).toContain(old);
    const code = old === line && by === '[]' ? 'INGOT_NEWER_FORMAT' : 'INGOT_DAMAGED';
    const refused = expect.objectContaining({ code, why: expect.stringContaining(why) });
    expect(() => read(sealed(line.replace(old, by)))).toThrow(refused);
  });

  it('of a later format, which is named', () => {
    const later = sealed(line.replace('"snapshot":1', '"snapshot":2'));
    expect(() => read(later)).toThrow(expect.objectContaining({ code: 'INGOT_NEWER_FORMAT' }));
    expect(() => read(later)).toThrow('its format is 2');
  });

  it('under another name', () => {
    const bytes = encodeReference(REFERENCE);
    expect(() => decodeReference(bytes, newId(0, undefined))).toThrow(damaged('another snapshot'));
  });

  it('of 5 MB, before it is looked at', () => {
    expect(() => read(Buffer.alloc(5 << 20))).toThrow(damaged('longer than'));
  });

  it('cut short anywhere, or with any bit changed', () => {
    const bytes = encodeReference(REFERENCE);
    for (let length = 0; length < bytes.length; length++)
      expect(() => read(bytes.subarray(0, length))).toThrow(damaged('checksum'));
    for (let bit = 0; bit < 8 * bytes.length; bit++) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      expect(() => read(changed)).toThrow(damaged('checksum'));
    }
  });

  it('of any JSON, with a checksum that fits', () => {
    const values = JSON.parse(line) as Record<string, unknown>;
    const changed = fc
      .tuple(fc.constantFrom(...Object.keys(values)), fc.jsonValue())
      .map(([key, value]) => JSON.stringify({ ...values, [key]: value }));
    fc.assert(
      fc.property(fc.oneof(changed, fc.json(), fc.string()), (text) => {
        try {
          expect(lineOf(read(sealed(text)))).toBe(text);
        } catch (error) {
          if (!isIngotError(error)) throw error;
        }
      }),
      { numRuns: 1000 },
    );
  });
});

test('what could not be read again is not written', () => {
  expect(() => encodeReference({ ...REFERENCE, lacks: [] })).toThrow('lacks nothing');
  expect(() => encodeReference({ ...REFERENCE, label: 'a:b' })).toThrow('label');
});
