import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exactArguments, unescapeText } from '../../src/cli/arguments.ts';
import { escapeName, toBytes } from '../../src/names.ts';

const cmdline = (...args: (string | Uint8Array)[]) =>
  Buffer.concat(args.flatMap((arg) => [Buffer.from(arg as string), Buffer.of(0)]));

describe('the arguments', () => {
  it('are as Node decoded them, and /proc is not even read, when they are UTF-8', () => {
    const read = () => {
      throw new Error('read');
    };
    expect(exactArguments(['ingest', 'größe\\x\n'], read)).toEqual(['ingest', 'größe\\x\n']);
  });

  it('get back the bytes that Node replaced', () => {
    const raw = Buffer.from([0x61, 0xff, 0x5c, 0x0a, 0xfe]);
    const read = () => cmdline('node', '--no-warnings', 'main.js', 'put', raw, '--store', '');
    const decoded = ['put', raw.toString(), '--store', ''];
    const [command, name, option, empty] = exactArguments(decoded, read);
    expect([command, option, empty]).toEqual(['put', '--store', '']);
    expect(name).toBe('a\udcff\\\n\udcfe');
    expect(toBytes(name!).equals(raw)).toBe(true);
  });

  it('keep a replacement character that really was typed', () => {
    expect(exactArguments(['a\ufffd'], () => cmdline('node', 'main.js', 'a\ufffd'))).toEqual([
      'a\ufffd',
    ]);
  });

  it('stay as Node decoded them where /proc is missing or tells of another command line', () => {
    const missing = () => {
      throw Object.assign(new Error('ENOENT'), { code: 'ENOENT' });
    };
    expect(exactArguments(['a\ufffd'], missing)).toEqual(['a\ufffd']);
    expect(exactArguments(['put', 'a\ufffd'], () => cmdline('x', 'y', 'z'))).toEqual([
      'put',
      'a\ufffd',
    ]);
  });
});

describe('the text of an escaped name', () => {
  it('is the name itself when that is UTF-8', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }).map((text) => text.toWellFormed()),
        (text) => {
          expect(unescapeText(escapeName(Buffer.from(text)))).toBe(text);
        },
      ),
    );
    expect(unescapeText(escapeName(Buffer.from('a\u2028\u2029\\\n\r')))).toBe(
      'a\u2028\u2029\\\n\r',
    );
  });

  it('turns back into the exact bytes when it is not', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(toBytes(unescapeText(escapeName(bytes)))).toEqual(Buffer.from(bytes));
      }),
    );
  });
});
