import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { Claims } from '../../src/ingest/claims.ts';

const CONTENTS = 400_000;
const THREADS = 4;

/** Claims all contents, each thread in an order of its own, and tells how many it won. */
const CLAIMER = `
  const { workerData, parentPort } = require('node:worker_threads');
  const { createHash } = require('node:crypto');
  import(workerData.claims).then(({ Claims }) => {
    const claims = new Claims(workerData.shared);
    const step = [1, 7, 11, 13][workerData.task - 1];
    let won = 0;
    let wrong = 0;
    for (let i = 0; i < ${CONTENTS}; i++) {
      const digest = createHash('sha256').update(String((i * step) % ${CONTENTS})).digest('hex');
      const owner = claims.claim(digest, workerData.task);
      if (owner === 0) won++;
      else if (owner < 1 || owner > ${THREADS} || owner === workerData.task) wrong++;
    }
    parentPort.postMessage({ won, wrong });
  });
`;

it('gives every content to exactly one of many threads, while the table grows', async () => {
  const { shared } = new Claims();
  const before = shared.byteLength;
  const claims = new URL('../../dist/src/ingest/claims.js', import.meta.url).href;
  const workers = Array.from(
    { length: THREADS },
    (_, n) => new Worker(CLAIMER, { eval: true, workerData: { shared, claims, task: n + 1 } }),
  );
  const results = await Promise.all(
    workers.map(async (worker) => (await once(worker, 'message'))[0]),
  );
  await Promise.all(workers.map((worker) => worker.terminate()));
  expect(results.map(({ wrong }) => wrong)).toEqual([0, 0, 0, 0]);
  expect(results.reduce((sum, { won }) => sum + won, 0)).toBe(CONTENTS);
  expect(shared.byteLength).toBeGreaterThan(before * 2);
});
