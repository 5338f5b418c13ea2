/** Reads the log of `strace -f -o`: one line for each begin and end of a system call. */

/**
 * When a call began and ended, as line numbers of the log. A thread stands still while strace
 * looks at it, so a call that ended on an earlier line than another began was over by then; calls
 * whose lines overlap ran at once, and neither may be taken to have come first.
 */
export interface Span {
  readonly begun: number;
  readonly ended: number;
}

export interface RawCall extends Span {
  readonly name: string;
  /** As strace writes them, strings in their quotes. */
  readonly args: readonly string[];
  /** What stands behind the `=`: `0`, `21</path>`, `-1 ENOENT (...)`, or `?` for one that does not return. */
  readonly result: string;
}

/** strace lets go of a thread that is killed at such a moment. */
const UNFINISHED = / <(unfinished|detached) \.\.\.>$/;

/**
 * In place of a call's name: its thread was killed while it stood at the entry of the call, before
 * strace had asked which one. The kernel skips the call then.
 */
const SKIPPED = '???';

/**
 * All calls that the kernel took on, in the order of their ends; one that never ended comes last,
 * with the result `?`.
 */
export function parseStrace(log: string): RawCall[] {
  const calls: RawCall[] = [];
  const open = new Map<string, { text: string; begun: number }>();
  const lines = log.split('\n');
  for (const [at, line] of lines.entries()) {
    const [, thread, text] = /^(\d+) +(.*)$/s.exec(line) ?? [];
    if (thread === undefined || text === undefined || /^(\+\+\+|---) /.test(text)) continue;
    if (UNFINISHED.test(text)) {
      open.set(thread, { text: text.replace(UNFINISHED, ''), begun: at });
      continue;
    }
    const resumed = /^<\.\.\. \S+ resumed>/.exec(text);
    const first = resumed === null ? undefined : open.get(thread);
    if (resumed !== null && first === undefined)
      throw new Error(`strace's log resumes what did not begin: ${line.slice(0, 200)}`);
    if (first !== undefined) open.delete(thread);
    const whole = first === undefined ? text : first.text + text.slice(resumed![0].length);
    calls.push({ ...parseCall(whole), begun: first?.begun ?? at, ended: at });
  }
  for (const { text, begun } of open.values())
    calls.push({ ...parseCall(`${text}) = ?`), begun, ended: lines.length });
  return calls.filter(({ name }) => name !== SKIPPED);
}

function parseCall(text: string): Pick<RawCall, 'name' | 'args' | 'result'> {
  const [head, name] = /^(\w+|\?{3})\(/.exec(text) ?? [];
  if (head === undefined || name === undefined) throw notACall(text);
  const { args, end } = parseArguments(text, head.length);
  const [, result] = /^ *= (.*)$/s.exec(text.slice(end)) ?? [];
  if (result === undefined) throw notACall(text);
  return { name, args, result };
}

/** Splits at the commas that stand outside of strings and brackets; `end` is behind the last `)`. */
function parseArguments(text: string, start: number): { args: string[]; end: number } {
  const args: string[] = [];
  let depth = 0;
  let from = start;
  const close = (at: number) => {
    const arg = text.slice(from, at).trim();
    if (arg !== '' || args.length > 0) args.push(arg);
    from = at + 1;
  };
  for (let at = start; at < text.length; at++) {
    const char = text[at]!;
    if (char === '"') at = endOfString(text, at);
    else if (char === ',' && depth === 0) close(at);
    else if ('([{<'.includes(char)) depth++;
    else if (char === ')' && depth === 0) {
      close(at);
      return { args, end: at + 1 };
    } else if (')]}>'.includes(char)) depth--;
  }
  throw notACall(text);
}

function endOfString(text: string, quote: number): number {
  for (let at = quote + 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '"') return at;
  }
  throw notACall(text);
}

function notACall(text: string): Error {
  return new Error(`not a system call as strace writes it: ${text.slice(0, 200)}`);
}

const ESCAPES: Readonly<Record<string, number>> = { n: 10, t: 9, r: 13, v: 11, f: 12 };

/** The bytes of a quoted string, escaped as in C. Throws when strace cut it short (`"abc"...`). */
export function bytesOf(quoted: string): Buffer {
  if (!/^".*"$/s.test(quoted)) throw new Error(`not a whole string: ${quoted.slice(0, 80)}`);
  const bytes = Buffer.alloc(quoted.length - 2);
  let length = 0;
  for (let at = 1; at < quoted.length - 1; at++) {
    if (quoted[at] !== '\\') {
      bytes[length++] = quoted.charCodeAt(at);
      continue;
    }
    const octal = /^[0-7]{1,3}/.exec(quoted.slice(at + 1, at + 4))?.[0];
    const char = quoted[at + 1]!;
    bytes[length++] =
      octal === undefined ? (ESCAPES[char] ?? char.charCodeAt(0)) : Number.parseInt(octal, 8);
    at += octal?.length ?? 1;
  }
  return bytes.subarray(0, length);
}
