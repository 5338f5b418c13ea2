import fs from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../../errors.ts';
import type { Libc } from '../../native/libc.ts';
import { counted } from '../../units.ts';
import { objectsIn, otherObjects, tempsLeft, wrongObjects } from '../checks.ts';
import { printedFailure, unexpectedEnd } from '../program.ts';
import { runTraced } from '../strace.ts';
import type { RawCall } from '../strace-log.ts';
import { smallContents, writeFiles } from '../tree.ts';
import { type Ground, ingestOf, storeOf } from '../trial.ts';

/** So few that one worker has all of them in one group, however few files may be open. */
const FILES = 20;

/** A flush that fails: of the bytes, and of the names. */
export async function tryFailedFlush(ground: Ground): Promise<void> {
  const { ledger, barrier, straceObstacle } = ground;
  const swallowed = await swallowsErrors(ground.libc);
  if (swallowed !== undefined) ledger.judge(7, swallowed, '');
  if (straceObstacle !== undefined) return ledger.notTried(7, straceObstacle);
  const finding = (await failOne(ground, barrier)) ?? (await failDirectory(ground));
  ledger.judge(
    7,
    finding,
    `an injected failure of ${barrier} failed the ingest, and nothing got its name; so did one of the directory's flush`,
  );
}

/** Higher than any descriptor can be. */
const NO_DESCRIPTOR = 2 ** 30;

/** Asks for flushes that must fail: what the kernel answers has to arrive here. */
async function swallowsErrors(libc: Libc | undefined): Promise<string | undefined> {
  const flushes = {
    fsync: async () => fs.fsyncSync(NO_DESCRIPTOR),
    ...(libc && { syncfs: () => libc.syncfs(NO_DESCRIPTOR) }),
  };
  for (const [name, flush] of Object.entries(flushes)) {
    const answer = await flush().then(() => undefined, errnoOf);
    if (answer !== 'EBADF') return `a ${name} of nothing was reported as ${answer ?? 'done'}`;
  }
  return undefined;
}

/** The barrier fails: nothing may get its name, and the next run stores all. */
async function failOne(ground: Ground, syscall: string): Promise<string | undefined> {
  const { folder, program } = ground;
  const store = storeOf(folder);
  // A store that has an object is not flushed when it is opened: the first flush is a barrier.
  const first = writeFiles(join(folder, 'first'), [Buffer.from('first')]);
  const all = writeFiles(join(folder, 'source'), smallContents('failed flush', FILES));
  const next = ingestOf(ground, [join(folder, 'source')]);
  return (
    unexpectedEnd('an ingest', await program.run(ingestOf(ground, [join(folder, 'first')])), 0) ??
    (await injected(ground, syscall)) ??
    namedAnyway(store, first) ??
    tempsLeft(store, `a failed ${syscall}`) ??
    unexpectedEnd('the ingest after one with a failed flush', await program.run(next), 0) ??
    (await wrongObjects(store)) ??
    otherObjects(store, new Set([...first, ...all]))
  );
}

function namedAnyway(store: string, before: ReadonlySet<string>): string | undefined {
  const named = objectsIn(store).filter((digest) => !before.has(digest));
  return named.length === 0
    ? undefined
    : `${counted(named.length, 'object')} got a name although the flush had failed`;
}

/** With syncfs as the barrier, fsync is what flushes the directory. */
async function failDirectory(ground: Ground): Promise<string | undefined> {
  return ground.barrier === 'syncfs' ? await injected(ground, 'fsync') : undefined;
}

/** A call on no file flushes nothing: it only asks whether the call may be made. */
const isInjected = ({ args, result }: RawCall) => result.includes('(INJECTED)') && args[0] !== '-1';

/** The descriptor that strace shows has the path with it: a temp, or the store. */
function flushedAgain(calls: readonly RawCall[]): string | undefined {
  const again = calls.filter(isInjected).find((failed) => {
    const [target] = failed.args;
    return calls.some(({ args, begun }) => args[0] === target && begun > failed.ended);
  });
  return again && `what a failed ${again.name} was for was flushed again: ${again.args[0]}`;
}

/**
 * An ingest in which the first such call of each thread fails with EIO, and only that: one that
 * asks again gets a better answer, and ends well.
 */
async function injected(ground: Ground, syscall: string): Promise<string | undefined> {
  const { folder, program } = ground;
  const options = ['-e', `trace=${syscall}`, '-e', `inject=${syscall}:error=EIO:when=1`];
  const args = ingestOf(ground, [join(folder, 'source')], '--threads', '1');
  const ended = await runTraced(program, args, folder, options);
  if (!ended.calls.some(isInjected)) return `an ingest made no ${syscall}`;
  const code = printedFailure(ended)?.code;
  return (
    flushedAgain(ended.calls) ??
    unexpectedEnd(`an ingest whose ${syscall} failed`, ended, 1) ??
    (code === 'EIO' ? undefined : `a ${syscall} that failed with EIO was reported as ${code}`)
  );
}
