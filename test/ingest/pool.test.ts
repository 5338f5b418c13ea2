import v8 from 'node:v8';
import vm from 'node:vm';
import { expect, it } from 'vitest';
// The built one: its threads run built entry files.
import { Pool } from '../../dist/src/ingest/pool.js';
import type { VerifyReply, VerifyTask } from '../../dist/src/ingest/verify.js';

const TASKS = 20;

it('a pool keeps no reply once its caller has let go of it', async () => {
  v8.setFlagsFromString('--expose-gc');
  const collect = vm.runInNewContext('gc') as () => void;
  const pool = new Pool<VerifyTask, VerifyReply>('verify-worker', 1);
  try {
    const replies: WeakRef<VerifyReply>[] = [];
    for (let task = 0; task < TASKS; task++)
      replies.push(new WeakRef(await pool.run({ root: '/', layout: 'flat', digests: [] })));
    // A WeakRef holds its target until the turn of the event loop ends that made it.
    await new Promise((resolve) => setImmediate(resolve));
    collect();
    const kept = replies.filter((reply) => reply.deref() !== undefined);
    // The last one may still be in a register or in piscina's hands.
    expect(kept.length).toBeLessThanOrEqual(1);
  } finally {
    await pool.close();
  }
});
