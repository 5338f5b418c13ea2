import { posix } from 'node:path';
import ignore, { type Ignore } from 'ignore';
import { UsageError } from '../../errors.ts';
import { escapeName, toBytes } from '../../names.ts';
import { checkInput, inputError, openInput, readInput } from './input.ts';

/** Decides what patterns leave out. */
export interface Excludes {
  /**
   * `path` is relative to its source and in the escaped form of names.ts. `ignore` throws at paths
   * that begin with `/`, `./` or `../`, which no directory's listing leads to.
   */
  excludes(path: string, isDirectory: boolean): boolean;
  /** The same for a path as it was listed. One that names no entry (`.`, `/`) is never left out. */
  excludesListed(path: string, isDirectory: boolean): boolean;
  /**
   * The same for the last name of a source. Where a directory `isRoot`, patterns that begin with a
   * slash are relative to it, and so not about its own name.
   */
  excludesNamed(path: string, isDirectory: boolean, isRoot: boolean): boolean;
}

/** `ignore` remembers every path it was asked about; its memory is dropped after this many. */
const REMEMBERED_PATHS = 10_000;

/** Every path is held against every pattern: with more than these, a walk would never end. */
const MAX_BYTES = 1 << 20;

/**
 * Rules of .gitignore syntax, the last match deciding. Undefined when there are none.
 *
 * Names match byte by byte, as in git: a `?` and a `[!a]` take one byte, of which `é` has two. A
 * backslash in a name is matched by `\\`.
 */
export function loadExcludes(patterns: readonly string[]): Excludes | undefined {
  const rules = patterns.map(toMatchable);
  if (rules.length === 0) return undefined;
  const excludes = new IgnoreRules(rules);
  try {
    // Patterns are compiled at their first use.
    excludes.excludes('a', false);
  } catch (error) {
    throw notAPattern(error);
  }
  return excludes;
}

/**
 * The patterns in files, one a line, in the escaped form of names.ts. Throws a UsageError for a
 * file that cannot be read or holds too much; rejects with the signal's reason.
 */
export async function readExcludeFiles(
  files: readonly string[],
  signal?: AbortSignal,
): Promise<string[]> {
  const patterns: string[] = [];
  for (const file of files) {
    const text = (await readExcludeFile(file, signal))
      .toString('latin1')
      .replace(/^\xef\xbb\xbf/, '');
    for (const line of text.split('\n'))
      patterns.push(escapeName(Buffer.from(line.replace(/\r$/, ''), 'latin1')));
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
      if (size > MAX_BYTES) throw tooLarge(file);
      chunks.push(chunk);
    }
  } catch (error) {
    throw inputError(error, { what: UNREADABLE, path: file, hint: READABLE }, signal);
  }
  return Buffer.concat(chunks);
}

const UNREADABLE = 'cannot read the exclude file';
const READABLE = 'name a readable file with one .gitignore pattern a line';

function tooLarge(path: string): UsageError {
  const why = 'it holds more than 1 MiB';
  return new UsageError({ what: UNREADABLE, code: 'INGOT_BAD_PATTERN', path, why, hint: READABLE });
}

class IgnoreRules implements Excludes {
  readonly #patterns: readonly string[];
  #rules: Ignore;
  /** Those that do not begin with a slash. */
  #unanchored: Ignore | undefined;
  #asked = 0;
  /** The directories that `ignore` remembers, each with a slash at its end. */
  readonly #known = new Set<string>();

  constructor(patterns: readonly string[]) {
    this.#patterns = patterns;
    this.#rules = emptyRules().add(patterns);
  }

  excludes(path: string, isDirectory: boolean): boolean {
    const name = toMatchable(path);
    if (++this.#asked % REMEMBERED_PATHS === 0) this.#forget();
    this.#goTo(name.slice(0, name.lastIndexOf('/') + 1));
    if (!isDirectory) return this.#rules.ignores(name);
    this.#known.add(`${name}/`);
    return this.#rules.ignores(`${name}/`);
  }

  excludesListed(path: string, isDirectory: boolean): boolean {
    const below = withoutLead(path);
    return below !== '' && this.excludes(below, isDirectory);
  }

  excludesNamed(path: string, isDirectory: boolean, isRoot: boolean): boolean {
    const name = posix.basename(path);
    if (['', '.', '..'].includes(name)) return false;
    if (!isRoot) return this.excludes(name, isDirectory);
    this.#unanchored ??= emptyRules().add(this.#patterns.filter((rule) => !/^!?\//.test(rule)));
    return this.#unanchored.ignores(isDirectory ? `${toMatchable(name)}/` : toMatchable(name));
  }

  #forget(): void {
    this.#rules = emptyRules().add(this.#rules);
    this.#known.clear();
  }

  /**
   * Step by step from the top: where it remembers nothing, `ignore` recurses from the end of a
   * path.
   */
  #goTo(directory: string): void {
    if (directory === '' || this.#known.has(directory)) return;
    for (let end = directory.indexOf('/'); end >= 0; end = directory.indexOf('/', end + 1))
      this.#rules.ignores(directory.slice(0, end + 1));
    this.#known.add(directory);
  }
}

/** As tar stores a path: without `/`, `./` and `../` before it; empty when nothing is left. */
function withoutLead(path: string): string {
  return posix
    .normalize(path)
    .replace(/^(\.{0,2}\/)+/, '')
    .replace(/^\.{0,2}$|\/$/, '');
}

function emptyRules(): Ignore {
  return ignore({ ignorecase: false });
}

const NOT_ASCII = /[^\0-\x7f]/;

/** The high byte of U+DC00, from where the other characters cannot be mistaken for white space. */
const ESCAPE = 0xdc;

/** A character a byte. The backslash stands for itself, since in patterns it is syntax. */
function toMatchable(escaped: string): string {
  if (!NOT_ASCII.test(escaped)) return escaped;
  const bytes = toBytes(escaped);
  const units = Buffer.allocUnsafe(2 * bytes.length);
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!;
    units[2 * at] = byte;
    units[2 * at + 1] = byte >= 0x80 || byte === 0x0a || byte === 0x0d ? ESCAPE : 0;
  }
  return units.toString('utf16le');
}

/** No pattern that gitignore(5) knows is refused for anything but its size. */
function notAPattern(cause: unknown): UsageError {
  return new UsageError(
    {
      what: 'cannot use the exclude patterns',
      code: 'INGOT_BAD_PATTERN',
      why: 'one of them is too long or too complex',
      hint: 'split it into several',
    },
    cause,
  );
}
