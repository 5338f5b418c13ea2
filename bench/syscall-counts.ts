/** Reads the table of `strace -c`. */

export interface SyscallCounts {
  /** Files that the traced run met. */
  readonly files: number;
  readonly calls: ReadonlyMap<string, number>;
}

/** A line of the table; the column of errors may be empty. */
const LINE = /^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?(\w+)$/;

export function parseCounts(table: string): Map<string, number> {
  const calls = new Map<string, number>();
  for (const line of table.split('\n')) {
    const [, count, name] = LINE.exec(line) ?? [];
    if (count !== undefined && name !== undefined && name !== 'total')
      calls.set(name, Number(count));
  }
  return calls;
}

/** Calls that are rarer than one in so many files are the program's, not the files'. */
const RARE = 0.05;

/**
 * Calls for each file by which the second run had more, the sum as `callsAFile` first. Throws a
 * RangeError when it did not have more files.
 */
export function callsAFile(few: SyscallCounts, many: SyscallCounts): Record<string, number> {
  const files = many.files - few.files;
  if (files <= 0) throw new RangeError('the second run has to have more files');
  const each = [...many.calls]
    .map(([name, count]) => [name, (count - (few.calls.get(name) ?? 0)) / files] as const)
    .sort(([, a], [, b]) => b - a);
  const sum = each.reduce((total, [, calls]) => total + calls, 0);
  return { callsAFile: sum, ...Object.fromEntries(each.filter(([, calls]) => calls >= RARE)) };
}
