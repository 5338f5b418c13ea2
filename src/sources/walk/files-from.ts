import { failed, UsageError } from '../../errors.ts';
import { requireStandardInput, standardInput } from '../../files/standard-streams.ts';
import { escapeName } from '../../names.ts';
import { AS_UTF8, hasUtf16Mark, isUtf16Line, mayBecomeMark, withoutMark } from './encoding.ts';
import { checkInput, inputError, openInput, readInput } from './input.ts';

/** A list of sources. */
export interface PathList {
  /** `-` is standard input. */
  readonly file: string;
  /** Entries end with a NUL byte instead of a newline. */
  readonly nul: boolean;
  /** Of a file that was looked at, and is more than a list: gives what it lists. */
  readonly read?: (signal?: AbortSignal) => AsyncIterable<Listed[]>;
}

/** An entry of a list. */
export interface Listed {
  /** In the escaped form of names.ts. */
  readonly path: string;
  /** A walk has met it, and found that it was gone. */
  readonly hasVanished?: boolean;
}

/** Longer than any path the kernel takes (PATH_MAX is 4096): whatever it is, it is no list. */
const MAX_ENTRY_BYTES = 64 * 1024;

const WHAT = 'cannot read the list of sources';
const READABLE = 'name a file that lists one path a line, or - for standard input';

/**
 * Throws a UsageError when the list cannot be read, an IngotError when standard input is closed,
 * before anything is stored.
 */
export function checkPathList({ file, read }: PathList): void {
  if (read !== undefined) return;
  try {
    if (file === '-') requireStandardInput();
    else checkInput(file);
  } catch (error) {
    if (file === '-') throw failed(WHAT, error, { path: file });
    throw inputError(error, { what: WHAT, path: file, hint: READABLE });
  }
}

/** What is listed, as many entries at a time as a read brings. */
export async function* readPathList(
  list: PathList,
  signal?: AbortSignal,
): AsyncGenerator<Listed[]> {
  try {
    if (list.read !== undefined) return yield* list.read(signal);
    const input = list.file === '-' ? standardInput() : await openInput(list.file);
    for await (const paths of splitPathList(readInput(input, signal), list))
      yield paths.map((path) => ({ path }));
  } catch (error) {
    throw inputError(error, { what: WHAT, path: list.file, hint: READABLE }, signal);
  }
}

/**
 * Cuts a stream of bytes into escaped paths; empty entries are skipped. Lines are what people and
 * editors write, perhaps with a byte order mark; between NUL bytes names are exact.
 */
export async function* splitPathList(
  input: AsyncIterable<Uint8Array>,
  list: PathList,
): AsyncGenerator<string[]> {
  const separator = list.nul ? 0 : 0x0a;
  let rest = Buffer.alloc(0);
  let begun = list.nul;
  for await (const read of input) {
    let bytes = Buffer.concat([rest, read]);
    if (!begun && mayBecomeMark(bytes)) {
      rest = bytes;
      continue;
    }
    if (!begun) bytes = afterMark(bytes, list);
    begun = true;
    const paths: string[] = [];
    let from = 0;
    for (let end = bytes.indexOf(separator); end >= 0; end = bytes.indexOf(separator, from)) {
      const entry = bytes.subarray(from, end);
      if (!list.nul && isUtf16Line(entry)) throw notUtf8(list);
      if (end > from) paths.push(toPath(entry, list));
      from = end + 1;
    }
    rest = bytes.subarray(from);
    if (rest.length > MAX_ENTRY_BYTES) throw notAList(list);
    yield paths;
  }
  if (rest.length > 0) yield [toPath(rest, list)];
}

function afterMark(bytes: Buffer, list: PathList): Buffer<ArrayBuffer> {
  if (hasUtf16Mark(bytes)) throw notUtf8(list);
  return Buffer.from(withoutMark(bytes));
}

function toPath(entry: Buffer, list: PathList): string {
  if (entry.length > MAX_ENTRY_BYTES || entry.includes(0)) throw notAList(list);
  return escapeName(entry);
}

function notUtf8({ file }: PathList): UsageError {
  const why = 'it is UTF-16';
  return new UsageError({ what: WHAT, code: 'INGOT_BAD_LIST', path: file, why, hint: AS_UTF8 });
}

function notAList({ file, nul }: PathList): UsageError {
  return new UsageError({
    what: WHAT,
    code: 'INGOT_BAD_LIST',
    path: file,
    why: nul
      ? 'an entry is too long for a path'
      : 'an entry holds a NUL byte or is too long for a path',
    hint: nul ? 'separate the paths by NUL bytes' : 'give --null when NUL bytes separate the paths',
  });
}
