import { expect, it } from 'vitest';
import { JsonList } from '../../src/cli/json-list.ts';
import { printList } from '../../src/cli/list.ts';
import type { Element, Output } from '../../src/cli/output.ts';
import { tableText } from '../../src/cli/table.ts';

/** What of a command's output a list needs. */
function outputInto(printed: number[]): Output {
  const elements = async (some: readonly Element[]) => void printed.push(some.length);
  return { elements } as unknown as Output;
}

async function* endless(): AsyncGenerator<Element> {
  for (;;) yield { event: 'entry', text: () => '', value: () => ({}) };
}

it('a list without an end is printed piece by piece, until it is told to stop', async () => {
  const stop = new AbortController();
  const printed: number[] = [];
  const output = outputInto(printed);
  const piece = output.elements.bind(output);
  output.elements = async (some) => {
    await piece(some);
    if (printed.length === 3) stop.abort(new Error('enough'));
  };
  await expect(printList({ output, signal: stop.signal }, endless())).rejects.toThrow('enough');
  expect(printed.length).toBe(3);
  expect(Math.max(...printed)).toBeLessThan(10_000);
});

it.each<[object, object[], object]>([
  [{}, [], {}],
  [{ a: 1 }, [], {}],
  [{}, [{ b: 'x\ny' }], { c: [] }],
  [{ a: { deep: [1, 2] } }, [{ b: 1 }, { b: 2 }, {}], { c: null, d: 'e' }],
])('a document in pieces is one document: %j %j %j', (head, elements, tail) => {
  const list = new JsonList();
  const pieces = [
    list.begin(head, 'list'),
    ...elements.map((each) => list.element(each)),
    list.end(tail),
  ];
  expect(JSON.parse(pieces.join(''))).toEqual({ ...head, list: elements, ...tail });
});

it('a table has columns as wide as what they hold, and is cut where a terminal ends', () => {
  const rows = [
    ['a', '1', 'last'],
    ['längst', '12,345', ''],
  ];
  expect(tableText(['X', '>NUMBER', 'REST'], rows)).toBe(
    'X       NUMBER  REST\na            1  last\nlängst  12,345\n',
  );
  expect(tableText(['X', '>NUMBER', 'REST'], rows, 10)).toBe(
    'X       N…\na        …\nlängst  1…\n',
  );
});
