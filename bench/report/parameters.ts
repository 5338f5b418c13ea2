/** What sets the rows of one answer apart from each other. */
import type { Row } from '../results.ts';

/** The parameters that are not the same in all rows, in the order in which they appear. */
export function varying(rows: readonly Row[]): string[] {
  const keys = new Set(rows.flatMap(({ parameters }) => Object.keys(parameters)));
  return [...keys].filter((key) => new Set(rows.map((row) => row.parameters[key])).size > 1);
}

export interface Group {
  /** Undefined when there is but one. */
  readonly name: string | undefined;
  readonly rows: readonly Row[];
}

/** Rows that appear several times under one label, by the parameter that tells them apart. */
export function groupsOf(rows: readonly Row[]): Group[] {
  const key = varying(rows).find((parameter) => tellsApart(rows, parameter));
  if (key === undefined) return [{ name: undefined, rows }];
  const groups = grouped(rows, (row) => String(row.parameters[key]));
  return groups.map(([name, members]) => ({ name, rows: members }));
}

/** Keys in the order in which they appear, each with its items. */
export function grouped<Item>(
  items: readonly Item[],
  keyOf: (item: Item) => string,
): [key: string, items: Item[]][] {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return [...groups];
}

function tellsApart(rows: readonly Row[], key: string): boolean {
  const byLabel = grouped(rows, ({ label }) => label).map(([, same]) => same);
  const repeated = byLabel.filter(({ length }) => length > 1);
  return (
    repeated.length > 0 &&
    repeated.every((same) => new Set(same.map((row) => row.parameters[key])).size === same.length)
  );
}
