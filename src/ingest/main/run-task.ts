import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { failureOf } from '../../errors.ts';
import type { MainHalf } from '../../store/seam/write.ts';
import type { IngestPool, StoreAnswer, StoreCall, Task, TaskReply } from '../messages.ts';

/**
 * Has a worker run a task, and carries the messages of the store's halves meanwhile. Rejects with an
 * IngotError when the worker dies.
 */
export async function runTask(
  pool: IngestPool,
  store: Pick<MainHalf, 'answer'>,
  make: (port: MessagePort) => Task,
): Promise<TaskReply> {
  const { port1, port2 } = new MessageChannel();
  port1.on('message', ({ message }: StoreCall) => void answer(store, port1, message));
  try {
    return await pool.run(make(port2), [port2]);
  } finally {
    port1.close();
  }
}

/** Passes a message between the store's halves, unread. */
async function answer(
  store: Pick<MainHalf, 'answer'>,
  port: MessagePort,
  message: unknown,
): Promise<void> {
  let reply: StoreAnswer;
  try {
    reply = { status: 'done', answer: await store.answer(message) };
  } catch (error) {
    reply = { status: 'failed', failure: failureOf('the store failed', error) };
  }
  port.postMessage(reply);
}
