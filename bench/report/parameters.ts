/** What sets the rows of one answer apart from each other. */
import type { Row } from '../results.ts';

/** The parameters that are not the same in all rows, in the order in which they appear. */
export function varying(rows: readonly Row[]): string[] {
  const keys = new Set(rows.flatMap(({ parameters }) => Object.keys(parameters)));
  return [...keys].filter((key) => new Set(rows.map((row) => row.parameters[key])).size > 1);
}

/** A peer's name, whichever of its runs the row is of; else the row's label. */
export function nameOf({ label, parameters }: Row): string {
  return typeof parameters.peer === 'string' ? parameters.peer : label;
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
