import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bytesOf, parseStrace } from '../../src/selftest/strace-log.ts';

const parse = (...lines: string[]) => parseStrace(lines.join('\n'));

test('a call on one line begins and ends there', () => {
  expect(parse('7  fsync(21</s/a>) = 0', '', '8 rename("/s/a", "/s/b")   = -1 EIO (x)')).toEqual([
    { name: 'fsync', args: ['21</s/a>'], result: '0', begun: 0, ended: 0 },
    { name: 'rename', args: ['"/s/a"', '"/s/b"'], result: '-1 EIO (x)', begun: 2, ended: 2 },
  ]);
});

test('a call that others interrupt begins with its first line and ends with its last', () => {
  const calls = parse(
    '7 syncfs(18</s> <unfinished ...>',
    '8 write(5</s/a>, "x, <unfinished ...>", 19 <unfinished ...>',
    '9 rmdir("/s/b") = 0',
    '8 <... write resumed>) = 19',
    '7 <... syncfs resumed>)            = 0',
  );
  expect(calls.map(({ name, begun, ended }) => [name, begun, ended])).toEqual([
    ['rmdir', 2, 2],
    ['write', 1, 3],
    ['syncfs', 0, 4],
  ]);
  expect(calls[1]!.args).toEqual(['5</s/a>', '"x, <unfinished ...>"', '19']);
});

test('a call that never ended has no result and ends after the log', () => {
  expect(parse('7 exit_group(0 <unfinished ...>', '7 +++ exited with 0 +++')).toEqual([
    { name: 'exit_group', args: ['0'], result: '?', begun: 0, ended: 2 },
  ]);
});

test('a call whose thread was killed before strace had read it is none: the kernel skips it', () => {
  const calls = parse(
    '7 ???( <unfinished ...>',
    '8 ???()                     = ? <unavailable>',
    '9 exit_group(0)                 = ?',
    '7 <... ??? resumed>)              = ? <unavailable>',
    '10 ???( <unfinished ...>',
    '10 +++ exited with 0 +++',
    '11 ???( <detached ...>',
  );
  expect(calls.map(({ name }) => name)).toEqual(['exit_group']);
});

test('commas, brackets and quotes within strings and structures split nothing', () => {
  const [call] = parse(
    String.raw`7 openat(AT_FDCWD</t>, "a\",(b", {x=[1, 2], y=0}, 0444) = 3</t/a>`,
  );
  expect(call!.args).toEqual(['AT_FDCWD</t>', String.raw`"a\",(b"`, '{x=[1, 2], y=0}', '0444']);
  expect(call!.result).toBe('3</t/a>');
});

test('what is no call, or resumes none, is refused', () => {
  expect(() => parse('7 fsync(21')).toThrow(/not a system call/);
  expect(() => parse('7 <... fsync resumed>) = 0')).toThrow(/resumes what did not begin/);
});

/** As strace writes a string. */
function quoted(bytes: Uint8Array): string {
  const names: Record<number, string> = { 9: 't', 10: 'n', 11: 'v', 12: 'f', 13: 'r' };
  const escaped = [...bytes].map((byte, n) => {
    if (names[byte] !== undefined) return `\\${names[byte]}`;
    if (byte === 0x22 || byte === 0x5c) return `\\${String.fromCharCode(byte)}`;
    if (byte >= 0x20 && byte < 0x7f) return String.fromCharCode(byte);
    // In full only before a digit, which would else be a part of it.
    const next = bytes[n + 1] ?? 0;
    const octal = byte.toString(8);
    return `\\${next >= 0x30 && next <= 0x39 ? octal.padStart(3, '0') : octal}`;
  });
  return `"${escaped.join('')}"`;
}

test('bytes come out of a quoted string as they went in', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 50 }), (bytes) => {
      expect(bytesOf(quoted(bytes))).toEqual(Buffer.from(bytes));
    }),
  );
});

test('a string that was cut short is refused', () => {
  expect(() => bytesOf('"abc"...')).toThrow(/not a whole string/);
});
