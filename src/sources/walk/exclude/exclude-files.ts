import { UsageError } from '../../../errors.ts';
import { escapeName } from '../../../names.ts';
import { AS_UTF8, isUtf16, withoutMark } from '../encoding.ts';
import { checkInput, inputError, openInput, readInput } from '../input.ts';
import { walkTurns } from '../turns.ts';

/** What holds more (`/dev/zero` has no end) is no file of patterns. */
const MAX_BYTES = 1 << 20;

/** Lines between two looks at the clock. */
const CHUNK_LINES = 1024;

/**
 * The patterns in files, one a line, in the escaped form of names.ts. Throws a UsageError for a
 * file that cannot be read, holds too much or is UTF-16; rejects with the signal's reason.
 */
export async function readExcludeFiles(
  files: readonly string[],
  signal?: AbortSignal,
): Promise<string[]> {
  const turns = walkTurns(signal, CHUNK_LINES);
  const patterns: string[] = [];
  for (const file of files) {
    const bytes = withoutMark(await readExcludeFile(file, signal));
    for (const line of bytes.toString('latin1').split('\n')) {
      patterns.push(escapeName(Buffer.from(line.replace(/\r$/, ''), 'latin1')));
      if (turns.isDue()) await turns.take();
    }
  }
  return patterns;
}

async function readExcludeFile(file: string, signal: AbortSignal | undefined): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    checkInput(file);
    for await (const chunk of readInput(await openInput(file), signal)) {
      size += chunk.length;
      if (size > MAX_BYTES) throw refused(file, 'it holds more than 1 MiB', READABLE);
      chunks.push(chunk);
    }
  } catch (error) {
    throw inputError(error, { what: UNREADABLE, path: file, hint: READABLE }, signal);
  }
  const bytes = Buffer.concat(chunks);
  if (isUtf16(bytes)) throw refused(file, 'it is UTF-16', AS_UTF8);
  return bytes;
}

const UNREADABLE = 'cannot read the exclude file';
const READABLE = 'name a readable file with one .gitignore pattern a line';

function refused(path: string, why: string, hint: string): UsageError {
  return new UsageError({ what: UNREADABLE, code: 'INGOT_BAD_PATTERN', path, why, hint });
}
