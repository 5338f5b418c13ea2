import { expect, it } from 'vitest';
import { doctorAt } from '../../src/doctor/doctor.ts';
import { selftestAt } from '../../src/selftest/selftest.ts';
import { relayoutIn } from '../../src/store/relayout.ts';
import type { Engine } from '../../src/store/seam/engine.ts';

/** Has nothing that an engine need not have. */
const bare = { address: 'memory:store', folder: undefined } as unknown as Engine;

it.each([
  ['relayout', 'change the layout', () => relayoutIn(bare, 'flat')],
  ['doctor', 'probe the disk of this store', () => doctorAt(bare)],
  ['selftest', 'try this store', () => selftestAt(bare)],
])('what an engine does not have is refused in one line: %s', async (_, what, call) => {
  await expect(call()).rejects.toMatchObject({
    name: 'UsageError',
    code: 'INGOT_NOT_OFFERED',
    message: expect.stringMatching(new RegExp(`^cannot ${what}: memory:store: [^\n]+$`)),
  });
});
