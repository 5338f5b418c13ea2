import { randomBytes } from 'node:crypto';
import { DigestStream, digestOf } from '../../src/digest.ts';
import type { Micro } from './micro.ts';

const SMALL = randomBytes(4096);
const PIECE = randomBytes(1 << 20);

/** What does a digest cost, of a small content and of a piece of a large one? */
export const HASH: readonly Micro[] = [
  { label: 'hash: 4 KiB in memory', run: () => digestOf(SMALL) },
  {
    label: 'hash: 1 MiB through a stream',
    run: () => {
      const stream = new DigestStream();
      stream.update(PIECE);
      return stream.digest();
    },
  },
];
