import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { isIngotError } from '../../src/errors.ts';
import { parseLabel } from '../../src/snapshot/label.ts';
import { parseSnapshotName, resolveSnapshot } from '../../src/snapshot/resolve.ts';

const OLD = { id: '20261128T010000Z-3f2a0000', label: 'nightly' };
const OTHER = { id: '20261129T010000Z-77777777', label: undefined };
const NIGHT = { id: '20261129T020000Z-3f2b0000', label: 'nightly' };
const NEWEST = { id: '20261130T140203Z-abcdef01', label: '2026' };
const ALL = [NIGHT, OLD, NEWEST, OTHER];

const meant = (text: string, snapshots = ALL) =>
  resolveSnapshot(parseSnapshotName(text), snapshots);

describe('the snapshot that is meant by', () => {
  it.each([
    ['its id', OLD.id, OLD],
    ['the beginning of its id', '20261128', OLD],
    ['the beginning of its random part', '77', OTHER],
    ['all of its random part', '3f2b0000', NIGHT],
    ['its label', 'nightly', NIGHT],
    ['its label, and none to go back', 'nightly~0', NIGHT],
    ['the one before of a label', 'nightly~1', OLD],
    ['latest', 'latest', NEWEST],
    ['latest, two back', 'latest~2', OTHER],
    ['a label that ids begin with, too', '2026', NEWEST],
    ['a name with a path', 'nightly~1:a/b', OLD],
  ])('%s: %s', (_, text, snapshot) => {
    expect(meant(text)).toBe(snapshot);
  });
});

describe('a name that means none says in one line what was found', () => {
  it.each([
    ['20261129', 'INGOT_AMBIGUOUS_SNAPSHOT', `2 ids begin so: ${NIGHT.id}, ${OTHER.id}`],
    ['3f2', 'INGOT_AMBIGUOUS_SNAPSHOT', `2 ids begin so: ${NIGHT.id}, ${OLD.id}`],
    ['weekly', 'INGOT_NO_SNAPSHOT', 'its labels are 2026, nightly'],
    ['20251130T140203Z-abcdef01', 'INGOT_NO_SNAPSHOT', 'no id begins so'],
    ['nightly~2', 'INGOT_NO_SNAPSHOT', `only 2, the oldest of them ${OLD.id}`],
    ['latest~4', 'INGOT_NO_SNAPSHOT', 'there are only 4'],
    [`${OLD.id}~1`, 'INGOT_BAD_SNAPSHOT_NAME', 'this is an id'],
  ])('%s: %s', (text, code, found) => {
    let thrown: unknown;
    try {
      meant(text);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code });
    expect((thrown as Error).message).toContain(found);
    expect((thrown as Error).message).not.toContain('\n');
  });

  it('in a store without snapshots', () => {
    expect(() => meant('latest', [])).toThrow('the store has no snapshots');
    expect(() => meant('3f2a', [])).toThrow('the store has no snapshots');
  });

  it('and shows nothing that a terminal would act on', () => {
    const evil = { id: OLD.id, label: 'x\u202ey\u200b' };
    expect(() => meant('none', [evil])).toThrow('x\\u202ey\\u200b');
  });
});

describe('a malformed name is wrong usage', () => {
  it.each([
    '',
    ':path',
    '~1',
    'a~',
    'a~x',
    'a~1~2',
    'a~-1',
    'a~01',
    'a/b',
    'latest:../x',
    'a:b/../c',
    'a:\0',
  ])('%j', (text) => {
    expect(() => parseSnapshotName(text)).toThrow(
      expect.objectContaining({ name: 'UsageError', code: 'INGOT_BAD_SNAPSHOT_NAME' }),
    );
  });
});

test('a path in a snapshot is what entries are called, however it is given', () => {
  const pathIn = (text: string) => parseSnapshotName(text).path;
  expect(pathIn('latest')).toBeUndefined();
  for (const root of ['latest:', 'latest:/', 'latest:.', 'latest:./'])
    expect(pathIn(root)).toBe('');
  expect(pathIn('latest:/a//b/./c/')).toBe('a/b/c');
  expect(pathIn('latest:a:b~1')).toBe('a:b~1');
});

test('any text names a snapshot or is refused in one line', () => {
  const piece = fc.constantFrom(
    ...['latest', 'nightly', '~', ':', '/', '1', '2026', '3f', '\n', '\0'],
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(piece, fc.string()), { maxLength: 5 }), (pieces) => {
      try {
        expect(ALL).toContain(meant(pieces.join('')));
      } catch (error) {
        if (!isIngotError(error)) throw error;
        expect(error.message).not.toMatch(/\n/);
      }
    }),
    { numRuns: 1000 },
  );
});

test.each(['', 'latest', 'a:b', 'a~1', 'a/b', 'a\nb', 'é'.repeat(128), OLD.id])(
  'no label: %j',
  (text) => {
    const refused = expect.objectContaining({ name: 'UsageError', code: 'INGOT_BAD_LABEL' });
    expect(() => parseLabel(text)).toThrow(refused);
  },
);

test.each(['nightly', '2026', 'a b', 'Größe', 'é'.repeat(127), 'Latest'])('a label: %j', (text) => {
  expect(parseLabel(text)).toBe(text);
  expect(parseSnapshotName(text).base).toBe(text);
});
