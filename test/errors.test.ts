import { describe, expect, it } from 'vitest';
import {
  bestEffort,
  codeOf,
  errnoOf,
  failed,
  failureOf,
  hasErrno,
  IngotError,
  isFailure,
} from '../src/errors.ts';

const withCode = (code: string, more: object = {}, message = `${code}: words of Node`) =>
  Object.assign(new Error(message), { code, ...more });

describe('an errno', () => {
  it.each(['ENOENT', 'EACCES', 'EWOULDBLOCK', 'EDQUOT', 'EUCLEAN', 'EHWPOISON', 'errno 999'])(
    'is a name that Linux has for a number: %s',
    (code) => {
      expect(errnoOf(withCode(code))).toBe(code);
      expect(errnoOf(failed('cannot write', withCode(code)))).toBe(code);
    },
  );

  it.each([
    'ERR_INVALID_ARG_TYPE',
    'ERR_STREAM_DESTROYED',
    'ERR_ACCESS_DENIED',
    'MODULE_NOT_FOUND',
    'INGOT_NO_STORE',
    'E2',
    'ENOTHING',
  ])('is no other code of an error: %s', (code) => {
    expect(errnoOf(withCode(code))).toBe(undefined);
    expect(hasErrno(withCode(code), code)).toBe(false);
    expect(codeOf(withCode(code))).toBe(code);
  });

  it('has the name of the number that libuv does not know', () => {
    expect(errnoOf(withCode('Unknown system error -122', { errno: -122 }))).toBe('EDQUOT');
    expect(errnoOf(withCode('UNKNOWN', { errno: -117 }))).toBe('EUCLEAN');
  });

  it.each([undefined, null, 'ENOENT', { code: 'ENOENT' }, new Error('none')])(
    'is not in what is no error with a code: %j',
    (thrown) => {
      expect(errnoOf(thrown)).toBe(undefined);
      expect(codeOf(thrown)).toBe(undefined);
    },
  );
});

describe('what Node refuses', () => {
  it('is told in its words, with the flag that older versions do not name', () => {
    const denied = withCode(
      'ERR_ACCESS_DENIED',
      { permission: 'FileSystemRead', resource: '/x' },
      'Access to this API has been restricted',
    );
    expect(failed('cannot read a file', denied)).toMatchObject({
      message:
        'cannot read a file: /x: Access to this API has been restricted (ERR_ACCESS_DENIED); start Node with --allow-fs-read',
      code: 'ERR_ACCESS_DENIED',
      path: '/x',
    });
    denied.message = 'Access restricted. Use --allow-fs-read to manage permissions.';
    expect(failed('w', denied).message).toMatch(/manage permissions\. \(ERR_ACCESS_DENIED\)$/);
  });

  it.each(['MODULE_NOT_FOUND', 'ERR_MODULE_NOT_FOUND'])('names the module: %s', (code) => {
    const missing = withCode(code, {}, "Cannot find module 'x'\nRequire stack:\n- /a\n- /b");
    expect(failed('cannot go on', missing).message).toBe(
      `cannot go on: Cannot find module 'x' (${code}); install ingot again, with all packages that it needs`,
    );
  });
});

describe('a bug', () => {
  const bug = withCode('ERR_INVALID_ARG_TYPE', {}, 'The "path" argument must be of type string');

  it('is no failure that a file or a store may answer with', () => {
    expect(failed('cannot write', bug)).toBe(bug);
    expect(isFailure(bug)).toBe(false);
    expect(() =>
      bestEffort(() => {
        throw bug;
      }),
    ).toThrow(bug);
  });

  it('says that it is one between threads, too, and where it was made', () => {
    const failure = failureOf('a worker failed', bug);
    const { message, stack } = new IngotError(failure);
    expect(message).toMatch(/^internal error: The "path" .*--debug shows where; please report it$/);
    expect(stack).toBe(bug.stack);
  });

  it.each([withCode('EIO'), new IngotError({ what: 'x', code: 'INGOT_BAD_METADATA' })])(
    'is not what best effort makes nothing of: %s',
    (error) => {
      bestEffort(() => {
        throw error;
      });
    },
  );
});

describe('the kind of a failure', () => {
  it.each([
    ['EIO', 'fsync', 'flush'],
    ['ENOSPC', 'syncfs', 'flush'],
    ['ENOSPC', 'write', 'full'],
    ['EDQUOT', 'link', 'full'],
    ['ENOENT', 'open', 'gone'],
    ['ESTALE', 'fstat', 'gone'],
    ['EACCES', 'open', 'denied'],
    ['EPERM', 'rename', 'denied'],
    ['EROFS', 'mkdir', 'denied'],
    ['EIO', 'write', undefined],
  ])('%s of %s is %s, also in another thread', (code, syscall, kind) => {
    const failure = failureOf('cannot', withCode(code, { syscall }));
    expect(failure.kind).toBe(kind);
    expect(new IngotError(structuredClone(failure)).kind).toBe(kind);
  });

  it('is what the one who throws it says, whatever its code', () => {
    const error = new IngotError({ what: 'cannot', code: 'INGOT_X', kind: 'full' });
    expect(failureOf('cannot', failed('cannot', error)).kind).toBe('full');
  });
});
