import { expect, test } from 'vitest';
import { encodeDirectory } from '../../src/record/directory-block.ts';
import { isSoundBlock } from '../../src/record/record-blocks.ts';
import { blocksOf, identityOf, STATUS } from './recording.ts';

const PLACE = { inTree: 'd', identity: identityOf(5) };
const DIRECTORY = {
  ...{ inTree: 'd', status: STATUS, xattrs: '', hasXattrs: true },
  ...{ entries: 2, subdirectories: ['e'] },
};

test.each([
  ['entries', () => Buffer.from(blocksOf(PLACE, [{ name: 'f' }, { name: 'g' }]))],
  ['a directory', () => encodeDirectory(DIRECTORY)!],
])('a block of %s is sound as it was written, and with no bit or byte else', (_, encode) => {
  const block = encode();
  expect(isSoundBlock(block)).toBe(true);
  for (let bit = 0; bit < 8 * block.length; bit++) {
    const flipped = Buffer.from(block);
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    expect(isSoundBlock(flipped), `bit ${bit}`).toBe(false);
  }
  for (let length = 0; length < block.length; length++)
    expect(isSoundBlock(block.subarray(0, length)), `${length} bytes`).toBe(false);
  expect(isSoundBlock(Buffer.concat([block, Buffer.alloc(1)]))).toBe(false);
});
