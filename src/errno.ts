/** The names and words of Linux errnos, those that libuv and Node do not know too. */
import { constants } from 'node:os';
import { getSystemErrorMap } from 'node:util';

const WORDS = new Map([...getSystemErrorMap().values()]);
/** Linux errnos that libuv has no words for. */
WORDS.set('EDQUOT', 'disk quota exceeded');
WORDS.set('EUCLEAN', 'file system is damaged');
WORDS.set('EBADMSG', 'bytes with a wrong checksum');
WORDS.set('ESTALE', 'stale file handle');
WORDS.set('ENOLCK', 'no locks available');
WORDS.set('ENOLINK', 'link has been severed');
WORDS.set('ETIME', 'timer expired');
WORDS.set('ENOMEDIUM', 'no medium found');
WORDS.set('EMEDIUMTYPE', 'wrong medium type');
WORDS.set('ENOKEY', 'required key is not available');
WORDS.set('EKEYEXPIRED', 'key has expired');
WORDS.set('EKEYREVOKED', 'key has been revoked');
WORDS.set('EKEYREJECTED', 'key was rejected by the service');
WORDS.set('EHWPOISON', 'memory page has a hardware error');

/** Where a number has several names: libuv's, as in Node's errors. */
const ERRNO_NAMES = new Map([
  ...Object.entries(constants.errno).map(([name, number]) => [number, name] as const),
  // Names that Node does not know either.
  ...([
    [117, 'EUCLEAN'],
    [123, 'ENOMEDIUM'],
    [124, 'EMEDIUMTYPE'],
    [126, 'ENOKEY'],
    [127, 'EKEYEXPIRED'],
    [128, 'EKEYREVOKED'],
    [129, 'EKEYREJECTED'],
    [133, 'EHWPOISON'],
  ] as const),
  ...[...getSystemErrorMap()].map(([number, [name]]) => [-number, name] as const),
]);

const ALL_ERRNO_NAMES = new Set([...Object.keys(constants.errno), ...ERRNO_NAMES.values()]);

/** True for what `errnoName` gives. */
export function isErrnoName(code: string): boolean {
  return ALL_ERRNO_NAMES.has(code) || /^errno \d+$/.test(code);
}

/**
 * The name of a Linux errno number, for calls made outside Node's fs. One without a name is called
 * by its number.
 */
export function errnoName(errno: number): string {
  return ERRNO_NAMES.get(errno) ?? `errno ${errno}`;
}

/** What an errno's name means, as strerror(3) has it. Undefined for a name without words. */
export function wordsOfErrno(name: string): string | undefined {
  return WORDS.get(name);
}
