import { describe, expect, it } from 'vitest';
import { asFailure, exitCodeOf, lineOf, stackOf } from '../../src/cli/fail.ts';
import { failed, IngotError, UsageError } from '../../src/errors.ts';

const errno = Object.assign(new Error('ENOSPC: no space left on device, write'), {
  code: 'ENOSPC',
  syscall: 'write',
});
const interrupted = new IngotError({ what: 'x', code: 'INGOT_INTERRUPTED', why: 'told to' });

describe('a failed command', () => {
  it('tells what failed, where, why and what to do, in one line', () => {
    const error = failed('cannot write an object', errno, { path: '/s\n', hint: 'free space' });
    expect(lineOf(error)).toBe(
      'cannot write an object: /s\\x0a: no space left on device (ENOSPC); free space',
    );
  });

  it('leaves out the middle of a path that is too long to read', () => {
    const path = `/${'a'.repeat(3000)}/end`;
    const line = lineOf(new IngotError({ what: 'w', code: 'ENAMETOOLONG', path }));
    expect(line).toMatch(/^w: \/a{499}\[… 2005 characters …\]a{496}\/end: .*\(ENAMETOOLONG\)$/);
    expect(asFailure(new IngotError({ what: 'w', code: 'EIO', path })).path).toBe(path);
  });

  it('tells an errno that nobody wrapped, too', () => {
    expect(lineOf(errno)).toBe('cannot go on: no space left on device (ENOSPC)');
  });

  it.each([
    [127, 'key has expired (EKEYEXPIRED)'],
    [128, 'key has been revoked (EKEYREVOKED)'],
    [129, 'key was rejected by the service (EKEYREJECTED)'],
    [124, 'wrong medium type (EMEDIUMTYPE)'],
  ])('has words for errno %i, which libuv does not know', (number, words) => {
    const raw = { code: `Unknown system error -${number}`, errno: -number, syscall: 'open' };
    expect(lineOf(Object.assign(new Error(raw.code), raw))).toBe(`cannot go on: ${words}`);
  });

  it('says of a bug that it is one, and hides its stack until it is asked for', () => {
    const bug = new TypeError('x is not\n  a function');
    expect(lineOf(bug)).toBe(
      'internal error: x is not a function; --debug shows where; please report it',
    );
    expect(stackOf(new Error('outer', { cause: bug }))).toMatch(/outer[\s\S]*caused by TypeError/);
  });

  it('exits 2 for wrong usage and 1 for the rest', () => {
    expect(exitCodeOf(new UsageError({ what: 'x', code: 'INGOT_USAGE' }))).toBe(2);
    expect(exitCodeOf(errno)).toBe(1);
    expect(exitCodeOf('not an error')).toBe(1);
  });

  it('exits 130 or 143 only when it ended because of the signal', () => {
    expect(exitCodeOf(interrupted, 'SIGINT')).toBe(130);
    expect(exitCodeOf(interrupted, 'SIGTERM')).toBe(143);
    expect(exitCodeOf(new DOMException('aborted', 'AbortError'), 'SIGINT')).toBe(130);
    expect(exitCodeOf(errno, 'SIGINT')).toBe(1);
    expect(exitCodeOf(interrupted)).toBe(1);
  });

  it('keeps code, path and syscall for machines', () => {
    expect(asFailure(failed('cannot write', errno, { path: '/s' }))).toMatchObject({
      what: 'cannot write',
      code: 'ENOSPC',
      path: '/s',
      syscall: 'write',
    });
  });
});
