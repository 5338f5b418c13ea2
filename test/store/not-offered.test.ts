import { expect, it } from 'vitest';
import type { Digest } from '../../src/digest.ts';
import { doctorAt } from '../../src/doctor/doctor.ts';
import { selftestAt } from '../../src/selftest/selftest.ts';
import { forgetIn, unforgetIn } from '../../src/snapshot/forget/forget.ts';
import { gcIn } from '../../src/snapshot/gc/gc.ts';
import { relayoutIn } from '../../src/store/relayout.ts';
import type { Engine } from '../../src/store/seam/engine.ts';
import { unpinIn } from '../../src/store/unpin.ts';

/** Has nothing that an engine need not have. */
const bare = { address: 'memory:store', folder: undefined } as unknown as Engine;

it.each([
  ['relayout', 'change the layout', () => relayoutIn(bare, 'flat')],
  ['forget', 'forget snapshots', () => forgetIn(bare, { keepLast: 1 })],
  ['unforget', 'forget snapshots', () => unforgetIn(bare, ['latest'])],
  ['gc', 'collect garbage', () => gcIn(bare)],
  ['unpin', 'unpin an object', () => unpinIn(bare, '0'.repeat(64) as Digest)],
  ['doctor', 'probe the disk of this store', () => doctorAt(bare)],
  ['selftest', 'try this store', () => selftestAt(bare)],
])('what an engine does not have is refused in one line: %s', async (_, what, call) => {
  await expect(call()).rejects.toMatchObject({
    name: 'UsageError',
    code: 'INGOT_NOT_OFFERED',
    message: expect.stringMatching(new RegExp(`^cannot ${what}: memory:store: [^\n]+$`)),
  });
});
