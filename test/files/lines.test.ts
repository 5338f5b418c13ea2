import fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { linesOf } from '../../src/files/lines.ts';
import { makeTree } from '../harness/tree.ts';

const tooLong = (): never => {
  throw new Error('too long');
};

async function lines(content: string, { from = 0, most = 1 << 20 } = {}) {
  const input = fs.createReadStream(join(makeTree({ f: content }), 'f'), { start: from });
  const found: [text: string, from: number, to: number][] = [];
  for await (const some of linesOf(input as AsyncIterable<Buffer>, { from, most, tooLong }))
    for (const line of some) found.push([line.bytes.toString(), line.from, line.to]);
  return found;
}

describe('the lines of a file', () => {
  it('come with their places, the last one without a newline, too', async () => {
    expect(await lines('a\n\nbc\nd')).toEqual([
      ['a', 0, 2],
      ['', 2, 3],
      ['bc', 3, 6],
      ['d', 6, 7],
    ]);
    expect(await lines('')).toEqual([]);
    expect(await lines('a\nb\nc\n', { from: 4 })).toEqual([['c', 4, 6]]);
  });

  it('are whole over many reads, and bounded', async () => {
    const long = ['x'.repeat(100_000), 'y'.repeat(200_000), 'z'];
    const found = await lines(`${long.join('\n')}\n`);
    expect(found.map(([text]) => text)).toEqual(long);
    expect(found.map(([, from]) => from)).toEqual([0, 100_001, 300_002]);
    await expect(lines('x'.repeat(200_000), { most: 100_000 })).rejects.toThrow('too long');
  });
});
