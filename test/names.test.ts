import fs from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished, test, vi } from 'vitest';
import {
  escapeLatin1Name,
  escapeName,
  joinPath,
  realPathOf,
  surrogateEscaped,
  toBytes,
  toFsPath,
} from '../src/names.ts';

/** Bytes around which decoders go wrong: traps, lead bytes, surrogates, U+2028, U+2029, a BOM. */
const PIECES = ['\n', '\r', '\\', 'a', 'é', '😀', '\u2028', '\u2029', '\ufeff', '\uffff'].map(
  (text) => [...Buffer.from(text)],
);
const BROKEN = [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xe2, 0x80], [0xf0, 0x9f, 0x98], [0x80]];
const piece = fc.oneof(
  fc.constantFrom(...PIECES, ...BROKEN),
  fc.integer({ min: 1, max: 255 }).map((byte) => [byte === 0x2f ? 0x2e : byte]),
);
const name = fc.array(piece, { maxLength: 12 }).map((pieces) => Buffer.from(pieces.flat()));

test('every name turns back into its exact bytes', () => {
  fc.assert(
    fc.property(name, (bytes) => {
      expect(toBytes(escapeName(bytes))).toEqual(bytes);
    }),
  );
});

test('text turns back into its exact bytes, and escapes only what is not UTF-8', () => {
  fc.assert(
    fc.property(name, (bytes) => {
      const text = surrogateEscaped(bytes);
      expect(toBytes(text)).toEqual(bytes);
      expect(text.isWellFormed()).toBe(Buffer.from(bytes.toString()).equals(bytes));
    }),
  );
  expect(surrogateEscaped(Buffer.from('a\n\\é\u2028'))).toBe('a\n\\é\u2028');
  expect(surrogateEscaped(Buffer.from([0x61, 0xff, 0x0a]))).toBe('a\udcff\n');
});

test('an escaped name holds nothing that fast-glob drops or alters', () => {
  fc.assert(
    fc.property(name, (bytes) => {
      expect(escapeName(bytes)).not.toMatch(/[\n\r\\\u2028\u2029/]/);
    }),
  );
});

test('two names have the same escaped form only when their bytes are the same', () => {
  fc.assert(
    fc.property(name, name, (a, b) => {
      expect(escapeName(a) === escapeName(b)).toBe(a.equals(b));
    }),
  );
});

test('escaped names joined to a path turn back into the joined bytes', () => {
  fc.assert(
    fc.property(name, name, (a, b) => {
      const path = joinPath(escapeName(a), escapeName(b));
      expect(toBytes(path)).toEqual(Buffer.concat([a, Buffer.from('/'), b]));
    }),
  );
});

test('a latin1-decoded name escapes as its bytes do', () => {
  fc.assert(
    fc.property(name, (bytes) => {
      expect(escapeLatin1Name(bytes.toString('latin1'))).toBe(escapeName(bytes));
    }),
  );
});

test('valid text stays as it is, and invalid or trapping bytes become U+DC00 + byte', () => {
  expect(escapeName(Buffer.from('naïve 😀'))).toBe('naïve 😀');
  expect(escapeName(Buffer.from([0x61, 0xff, 0x0a]))).toBe('a\udcff\udc0a');
  expect(escapeName(Buffer.concat([Buffer.from([0xff]), Buffer.from('я日😀')]))).toBe(
    '\udcffя日😀',
  );
  expect(escapeName(Buffer.from('\u2028'))).toBe('\udce2\udc80\udca8');
  expect(escapeName(Buffer.from('a\\b'))).toBe('a\udc5cb');
});

test('a path goes to the file system as a string unless it holds an escape', () => {
  expect(toFsPath('a/é😀')).toBe('a/é😀');
  expect(toFsPath('a/\udcff')).toEqual(Buffer.from([0x61, 0x2f, 0xff]));
});

test('a name in the root directory is joined without a double slash', () => {
  expect(joinPath('/', 'etc')).toBe('/etc');
});

describe('where realpath gives text, as under Yarn’s Plug’n’Play', () => {
  const textOnly = (text: string) => {
    const native = vi.spyOn(fs.realpathSync, 'native').mockReturnValue(text);
    onTestFinished(() => native.mockRestore());
  };

  it('a path is found all the same', () => {
    textOnly('/täxt/back\\slash');
    expect(toBytes(realPathOf('/link'))).toEqual(Buffer.from('/täxt/back\\slash'));
  });

  it('one whose bytes are lost is not taken for another', () => {
    textOnly('/lost \ufffd');
    expect(() => realPathOf('/link')).toThrow(expect.objectContaining({ code: 'EILSEQ' }));
  });
});
