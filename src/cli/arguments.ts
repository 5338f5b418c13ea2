import fs from 'node:fs';
import { escapeName } from '../names.ts';

const CMDLINE = '/proc/self/cmdline';

/**
 * The command's arguments with bytes that are not UTF-8 held as lone surrogates U+DC00 + byte.
 * Node replaces such bytes by U+FFFD in process.argv; Linux still has them in /proc.
 */
export function exactArguments(
  decoded: readonly string[],
  readCmdline: () => Buffer = () => fs.readFileSync(CMDLINE),
): string[] {
  if (!decoded.some((argument) => argument.includes('\ufffd'))) return [...decoded];
  let cmdline: Buffer;
  try {
    cmdline = readCmdline();
  } catch {
    // Without /proc there is nothing better than what Node decoded.
    return [...decoded];
  }
  // Node's own options come first, and each argument ends in a NUL.
  const exact = splitAtNul(cmdline).slice(-decoded.length).map(fromArgument);
  const agrees = (argument: string, at: number) =>
    argument.includes('\ufffd') || argument === exact[at];
  return exact.length === decoded.length && decoded.every(agrees) ? exact : [...decoded];
}

/**
 * Undoes the part of the escaped form that only file names need: arguments are patterns and
 * options too, where a backslash has to stay one.
 */
export function unescapeText(escaped: string): string {
  return escaped
    .replace(/\udce2\udc80([\udca8\udca9])/gu, (_, last: string) =>
      last === '\udca8' ? '\u2028' : '\u2029',
    )
    .replace(/[\udc00-\udc7f]/gu, (unit) => String.fromCharCode(unit.charCodeAt(0) - 0xdc00));
}

function fromArgument(bytes: Buffer): string {
  return unescapeText(escapeName(bytes));
}

function splitAtNul(bytes: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  let from = 0;
  for (let nul = bytes.indexOf(0); nul >= 0; nul = bytes.indexOf(0, from)) {
    parts.push(bytes.subarray(from, nul));
    from = nul + 1;
  }
  return parts;
}
