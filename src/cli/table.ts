/**
 * A table for people, whose columns are as wide as what they hold. A head that begins with `>` is of
 * numbers. The last column has no end; `width` is that of the terminal, if there is one, where a line
 * is cut.
 */
export function tableText(
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  width = Number.POSITIVE_INFINITY,
): string {
  const titles = heads.map((head) => head.replace(/^>/, ''));
  const lines = [titles, ...rows];
  const widths = titles.map((_, at) => Math.max(...lines.map((line) => line[at]!.length)));
  const cell = (text: string, at: number) => {
    if (heads[at]!.startsWith('>')) return text.padStart(widths[at]!);
    return at === heads.length - 1 ? text : text.padEnd(widths[at]!);
  };
  return lines.map((line) => `${cut(line.map(cell).join('  ').trimEnd(), width)}\n`).join('');
}

function cut(line: string, width: number): string {
  const characters = [...line];
  return characters.length <= width ? line : `${characters.slice(0, width - 1).join('')}…`;
}
