import { type Digest, digestOf } from '../../src/digest.ts';
import { Claims } from '../../src/ingest/claims.ts';
import type { Micro } from './micro.ts';

/** Some ten thousand contents, as a run of middling size claims. */
const DIGESTS = Array.from({ length: 50_000 }, (_, n) => digestOf(Buffer.from(`content ${n}`)));
const taken = new Claims();
for (const digest of DIGESTS) taken.claim(digest, 1);

let claims = new Claims();
let next = 0;

/** What does it cost to claim a content, and to meet one that is claimed already? */
export const CLAIM: readonly Micro[] = [
  {
    label: 'claim: a new content',
    run: () => {
      if (next === DIGESTS.length) {
        next = 0;
        claims = new Claims();
      }
      return claims.claim(digestAt(next++), 1);
    },
  },
  {
    label: 'claim: a content claimed before',
    run: () => taken.claim(digestAt(next++ % DIGESTS.length), 2),
  },
];

function digestAt(index: number): Digest {
  return DIGESTS[index]!;
}
