import fs from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { otherObjects, tempsLeft, writersIn, wrongObjects } from '../checks.ts';
import { type Running, unexpectedEnd } from '../program.ts';
import { smallContents, writeFiles } from '../tree.ts';
import { type Ground, ingestOf, storeOf } from '../trial.ts';

const FILES = 400;
const TEMP = 'a temp of a writer that lives';

/**
 * A writer that waits for more sources, one that is killed while it waits, and two more that work
 * at the same time on trees of which half is the same.
 */
export async function tryWriters(ground: Ground): Promise<void> {
  const { folder, ledger } = ground;
  const store = storeOf(folder);
  const expected = makeSources(folder);
  const alive = await startWaiting(ground);
  const dead = await startWaiting(ground);
  let finding = alive.failure ?? dead.failure;
  if (finding === undefined) {
    dead.running.kill();
    await ground.program.end(dead.running);
    finding = (await tryBeside(ground, alive.writer, dead.writer)) ?? (await finish(ground, alive));
    finding ??= tempsLeft(store, 'the last writer has ended') ?? otherObjects(store, expected);
  }
  ledger.judge(
    3,
    finding,
    'beside a live writer, whose temps stayed, those of a killed one were swept',
  );
  ledger.judge(1, await wrongObjects(store), 'writers at once stored whole objects');
}

function makeSources(folder: string): Set<string> {
  const contents = smallContents('writers', FILES);
  const sources = { a: contents.slice(0, 300), b: contents.slice(100, FILES) };
  const last = [Buffer.from('what the live writer stores last')];
  const digests = Object.entries({ ...sources, last }).map(([name, files]) =>
    writeFiles(join(folder, name), files),
  );
  return new Set(digests.flatMap((each) => [...each]));
}

interface Waiting {
  readonly running: Running;
  /** Its folder in the store. */
  readonly writer: string;
  readonly failure: string | undefined;
}

/** An ingest that has opened the store and waits for names on its standard input. */
async function startWaiting(ground: Ground): Promise<Waiting> {
  const store = storeOf(ground.folder);
  const before = new Set(writersIn(store));
  const running = ground.program.start(ingestOf(ground, [], '--files-from', '-'));
  // A writer signs its lock when it holds it.
  const opened = () =>
    writersIn(store).find((name) => !before.has(name) && isSigned(join(store, name)));
  let writer = opened();
  for (; writer === undefined && !running.isOver; writer = opened()) await delay(5);
  const failure = running.isOver
    ? unexpectedEnd('an ingest that waits', await ground.program.end(running), 0)
    : undefined;
  return { running, writer: join(store, writer ?? ''), failure };
}

function isSigned(writer: string): boolean {
  const lock = fs.statSync(join(writer, 'lock'), { throwIfNoEntry: false });
  return lock !== undefined && lock.size > 0;
}

/** Two ingests at once, while one writer lives and another is dead. */
async function tryBeside(ground: Ground, alive: string, dead: string): Promise<string | undefined> {
  const { folder, program } = ground;
  if (!isSigned(alive)) return 'the temps of a live writer were swept when another one came';
  const temp = join(alive, 'planted', '0');
  fs.mkdirSync(join(alive, 'planted'));
  fs.writeFileSync(temp, TEMP);
  const runs = ['a', 'b'].map((name) => program.run(ingestOf(ground, [join(folder, name)])));
  for (const ended of await Promise.all(runs)) {
    const failure = unexpectedEnd('one of two ingests at once', ended, 0);
    if (failure !== undefined) return failure;
  }
  if (!isSigned(alive) || !fs.existsSync(temp) || fs.readFileSync(temp, 'utf8') !== TEMP)
    return 'the temps of a live writer were touched while others worked';
  return fs.existsSync(dead) ? 'the temps of a killed writer were not swept' : undefined;
}

/** Gives the waiting writer its last source; what was planted among its temps goes with it. */
async function finish({ folder, program }: Ground, { running }: Waiting) {
  running.child.stdin!.end(`${join(folder, 'last')}\n`);
  return unexpectedEnd('an ingest that waited', await program.end(running), 0);
}
