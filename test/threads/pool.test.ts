import v8 from 'node:v8';
import vm from 'node:vm';
import { expect, it } from 'vitest';
import type { VerifyReply, VerifyTask } from '../../dist/src/store/verify/messages.js';
// The built one: its threads run built entry files.
import { Pool } from '../../dist/src/threads/pool.js';
import { script } from '../harness/run.ts';

const TASKS = 20;
const bytesRead = new SharedArrayBuffer(8);
const store = {
  module: new URL('../../dist/workers/local-store.js', import.meta.url).href,
  init: { root: '/', layout: 'flat' },
};
const readAhead = { files: 0, bytes: 0 };
const EMPTY: VerifyTask = { do: 'check', store, digests: [], readAhead, bytesRead };

it('a pool keeps no reply once its caller has let go of it', async () => {
  v8.setFlagsFromString('--expose-gc');
  const collect = vm.runInNewContext('gc') as () => void;
  const pool = new Pool<VerifyTask, VerifyReply>('verify-worker', 1);
  try {
    const replies: WeakRef<VerifyReply>[] = [];
    for (let task = 0; task < TASKS; task++) replies.push(new WeakRef(await pool.run(EMPTY)));
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

it('a thread that finds no free descriptor says what to do about it', () => {
  const pool = new URL('../../dist/src/threads/pool.js', import.meta.url);
  const program = `
    import fs from "node:fs";
    import { Pool } from "${pool}";
    try { while (true) fs.openSync("/dev/null"); }
    catch (error) { if (error.code !== "EMFILE") throw error; }
    await new Pool("verify-worker", 1).run({}).catch((error) => fs.writeSync(1, error.message));
    process.exit(0);`;
  const ended = script(
    `ulimit -n 64; exec ${process.execPath} --input-type=module -e '${program}'`,
  );
  expect(ended.stdout).toMatch(/^a worker thread died: .*EMFILE.*; raise the limit of open files/);
  expect(ended.code).toBe(0);
});
