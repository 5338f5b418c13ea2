/** Runs the built program so that it gets a signal at a stage of its work: see at-stage.mjs. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { hasErrno } from '../../src/errors.ts';
import { start } from './run.ts';
import { temporaryDirectory } from './tree.ts';

const AT_STAGE = fileURLToPath(new URL('../fixtures/at-stage.mjs', import.meta.url));

export interface Landing {
  /**
   * `move` is relayout's, as are `format` 1 and 2: store.json gets its name. `flush` is that of the
   * directory, `large` a write of a large object. `manifest` 1 is its first write, 2 the moment
   * when it gets its name, `manifest`. `segment` and `reference` get their names then; `recorded` is
   * when the reference has its own.
   */
  readonly stage:
    | 'create'
    | 'sweep'
    | 'walk'
    | 'read'
    | 'stage'
    | 'large'
    | 'barrier'
    | 'publish'
    | 'flush'
    | 'segment'
    | 'reference'
    | 'recorded'
    | 'move'
    | 'format'
    | 'manifest';
  /** The call of this stage that gets the signal, counted from 1 in each thread; the first that comes to it. */
  readonly nth: number;
  readonly signal: 'SIGKILL' | 'SIGINT' | 'SIGTERM' | 'SIGSTOP';
}

export interface AtStage {
  readonly child: ChildProcess;
  /** Where the signal landed; undefined as long as it has not. */
  landed(): string | undefined;
  /** Tells the thread that stopped the process that it may go on after SIGCONT. */
  seen(): void;
  /** Resolves when the process has ended. */
  readonly end: Promise<EndAtStage>;
}

export interface EndAtStage {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly landed: string | undefined;
}

/** `ingot ARGS`, which signals itself at the landing. The store has to be called `store`, sources `source…`. */
export function startAtStage(args: readonly string[], { stage, nth, signal }: Landing): AtStage {
  const at = join(temporaryDirectory(), 'landed');
  const env = {
    NODE_OPTIONS: `--import ${AT_STAGE}`,
    AT_STAGE: `${stage}:${nth}:${signal}`,
    LANDED: at,
  };
  const child = start(args, undefined, env);
  const landed = () => (fs.existsSync(at) ? fs.readFileSync(at, 'utf8').split(' ')[0] : undefined);
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk) => (stdout += chunk));
  child.stderr.on('data', (chunk) => (stderr += chunk));
  const end = once(child, 'close').then(([code, by]) => ({
    code,
    signal: by,
    stdout,
    stderr,
    landed: landed(),
  }));
  const seen = () => fs.writeFileSync(`${at}.seen`, '');
  return { child, landed, seen, end };
}

/** Runs to the end; throws when the signal did not land. */
export async function endAtStage(args: readonly string[], landing: Landing): Promise<EndAtStage> {
  const ended = await startAtStage(args, landing).end;
  if (ended.landed !== landing.stage)
    throw new Error(`${landing.signal} did not land in ${landing.stage}: ${ended.stderr}`);
  return ended;
}

/** `ingot ARGS`, standing still at the landing with all its threads until it gets SIGCONT. */
export async function freezeAtStage(
  args: readonly string[],
  landing: Omit<Landing, 'signal'>,
): Promise<AtStage> {
  const frozen = startAtStage(args, { ...landing, signal: 'SIGSTOP' });
  while (!isStopped(frozen.child)) {
    if (frozen.child.exitCode !== null) throw new Error(`it ended before ${landing.stage}`);
    await sleep(10);
  }
  frozen.seen();
  return frozen;
}

/** Every thread: one may run on for a moment when another has stopped (proc(5), state T). */
function isStopped({ pid }: ChildProcess): boolean {
  const threads = `/proc/${pid}/task`;
  const stateOf = (thread: string) =>
    fs.readFileSync(join(threads, thread, 'stat'), 'latin1').replace(/^.*\) /s, '')[0];
  try {
    return fs.readdirSync(threads).every((thread) => stateOf(thread) === 'T');
  } catch (error) {
    // A thread, or the process, ended meanwhile (proc(5) gives either errno).
    if (!hasErrno(error, 'ENOENT', 'ESRCH')) throw error;
    return false;
  }
}
