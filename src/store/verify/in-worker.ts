/** What a thread does in a verify; the entry file workers/verify-worker.ts only calls it. */
import { failureOf } from '../../errors.ts';
import { loadModule } from '../../threads/load-module.ts';
import type { EngineModule } from '../seam/engine.ts';
import type { Check } from '../seam/upkeep.ts';
import type { VerifyReply, VerifyTask } from './messages.ts';

let loading: Promise<EngineModule> | undefined;
let checking: Check | Promise<Check> | undefined;

/** Never rejects: a failure is a reply. All tasks of a thread are of one store. */
export async function runVerifyTask(task: VerifyTask): Promise<VerifyReply> {
  const { store, digests, readAhead, bytesRead } = task;
  try {
    loading ??= loadModule<EngineModule>(store.module);
    const { openCheck, openLook } = await loading;
    if (task.do === 'look') return { status: 'looked', sizes: openLook(store.init)(digests) };
    const lane = new BigInt64Array(bytesRead);
    const onRead = (bytes: number) => void Atomics.add(lane, 0, BigInt(bytes));
    checking ??= openCheck(store.init, readAhead);
    return { status: 'checked', batch: (await checking)(digests, onRead) };
  } catch (error) {
    return { status: 'failed', failure: failureOf('cannot verify objects', error) };
  }
}
