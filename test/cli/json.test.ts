import { describe, expect, it } from 'vitest';
import { toDocument, toLine } from '../../src/cli/json.ts';
import { spellOptionalValues } from '../../src/cli/options.ts';
import { escapeName } from '../../src/names.ts';

const entry = (path: Buffer) =>
  toLine({ event: 'entry', path: escapeName(path), outcome: 'vanished' });

describe('JSON output', () => {
  it('gives a name in plain text, however odd', () => {
    const name = 'a\nb\\c\u2028 größe';
    expect(JSON.parse(entry(Buffer.from(name))).path).toBe(name);
  });

  it('is one line an event', () => {
    expect(entry(Buffer.from('a\n\u2028'))).toMatch(/^[^\n]*\n$/);
  });

  it('gives bytes that are not UTF-8 as Python expects them', () => {
    // In Python: os.fsencode(json.loads(line)["path"]), which PEP 383 describes.
    const fsencode = (text: string) =>
      Buffer.concat(
        Array.from(text, (char) => {
          const code = char.codePointAt(0)!;
          return code >= 0xdc80 && code <= 0xdcff ? Buffer.of(code - 0xdc00) : Buffer.from(char);
        }),
      );
    for (const bytes of [
      [0x61, 0xff, 0x0a, 0xfe],
      [0xc3, 0xa4, 0xc3, 0x80],
      [0xed, 0xb2, 0x80],
      [0xf0, 0x9f, 0x98, 0x80, 0xf0, 0x9f],
    ]) {
      const name = Buffer.from(bytes);
      expect(fsencode(JSON.parse(entry(name)).path).equals(name)).toBe(true);
    }
  });

  it('ends a document with a newline', () => {
    expect(toDocument({ a: [1] })).toBe('{\n  "a": [\n    1\n  ]\n}\n');
  });
});

describe('--json', () => {
  it('never takes the word after it for its value', () => {
    expect(spellOptionalValues(['ingest', '--json', 'src'])).toEqual(['ingest', '--json', 'src']);
    expect(spellOptionalValues(['ingest', '--json=events', 'src'])).toEqual([
      'ingest',
      '--json-events',
      'src',
    ]);
  });

  it('is a name like any other after --', () => {
    const args = ['ingest', '--', '--json=events'];
    expect(spellOptionalValues(args)).toEqual(args);
  });
});
