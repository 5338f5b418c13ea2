/** What a thread does in a verify; the entry file workers/verify-worker.ts only calls it. */
import { failureOf } from '../../errors.ts';
import { loadModule } from '../../threads/load-module.ts';
import type { EngineModule } from '../seam/engine.ts';
import type { Check } from '../seam/upkeep.ts';
import type { VerifyReply, VerifyTask } from './verify.ts';

let check: Promise<Check> | undefined;

/** Never rejects: a failure is a reply. All tasks of a thread are of one store. */
export async function runVerifyTask({
  store,
  digests,
  bytesRead,
}: VerifyTask): Promise<VerifyReply> {
  const lane = new BigInt64Array(bytesRead);
  const onRead = (bytes: number) => void Atomics.add(lane, 0, BigInt(bytes));
  try {
    check ??= loadModule<EngineModule>(store.module).then(({ openCheck }) => openCheck(store.init));
    return { status: 'done', batch: (await check)(digests, onRead) };
  } catch (error) {
    return { status: 'failed', failure: failureOf('cannot verify objects', error) };
  }
}
