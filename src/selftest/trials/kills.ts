import fs from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Budget } from '../../doctor/budget.ts';
import { count, counted } from '../../units.ts';
import {
  countNamelessTemps,
  countTemps,
  objectsIn,
  otherObjects,
  tempsLeft,
  writersIn,
  wrongObjects,
} from '../checks.ts';
import { printedReport, type Running, unexpectedEnd } from '../program.ts';
import type { KilledIn } from '../report.ts';
import { smallContents, writeFiles } from '../tree.ts';
import { type Ground, ingestOf, storeOf } from '../trial.ts';

const FILES = 2000;
/** Each moment is waited for three times. */
const MAX_ROUNDS = 15;
/** After this no further round begins, as long as each moment was waited for once. */
const BUDGET_MS = 15_000;

/** What is in a store while an ingest works. */
interface Sight {
  readonly writers: number;
  /** With names or without. */
  readonly temps: number;
  readonly objects: number;
}

/**
 * When a kill is sent: at the first sight for which this is true. In turn, so that each phase gets
 * some.
 */
const MOMENTS: readonly ((sight: Sight) => boolean)[] = [
  ({ writers }) => writers > 0,
  ({ temps }) => temps > FILES / 20,
  ({ objects }) => objects > 0,
  ({ objects }) => objects > FILES / 2,
  ({ temps, objects }) => objects > FILES / 2 && temps === 0,
];

/** Kills ingests at moments that are seen in the store, and lets each be completed. */
export async function tryKills(ground: Ground): Promise<void> {
  const { folder, ledger } = ground;
  const source = join(folder, 'source');
  const expected = writeFiles(source, smallContents('kills', FILES));
  const budget = new Budget(BUDGET_MS);
  const found: Recovery = { hashed: 0, wrong: undefined, lost: undefined };
  let landed = 0;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    if (budget.isSpent && round >= MOMENTS.length) break;
    if ((found.wrong ?? found.lost) !== undefined) break;
    const killedIn = await killOne(ground, source, MOMENTS[round % MOMENTS.length]!);
    if (killedIn !== undefined) {
      landed++;
      ledger.kills[killedIn]++;
      await recover(ground, source, expected, found);
    }
    await fs.promises.rm(storeOf(folder), { recursive: true, force: true });
  }
  if (landed === 0) return ledger.notTried(3, 'each ingest ended before it could be killed');
  const kills = counted(landed, 'kill');
  ledger.judge(1, found.wrong, `${count(found.hashed)} objects were whole after ${kills}`);
  ledger.judge(
    3,
    found.lost,
    `after each of ${kills} the next run swept the temps and completed the work`,
  );
}

/** Starts an ingest and kills it. Gives what it had done; undefined when it was faster. */
async function killOne(
  ground: Ground,
  source: string,
  isMoment: (sight: Sight) => boolean,
): Promise<KilledIn | undefined> {
  const store = storeOf(ground.folder);
  const running = ground.program.start(ingestOf(ground, [source]));
  await untilMoment(running, () => isMoment(look(store, running)));
  running.pause();
  const phase = phaseOf(look(store, running));
  running.kill();
  const ended = await ground.program.end(running);
  // One that fails by itself is not for this trial to judge, unless a next run fails, too.
  return ended.code === null ? phase : undefined;
}

async function untilMoment(running: Running, isMoment: () => boolean): Promise<void> {
  while (!running.isOver && !isMoment()) await delay(1);
}

function look(store: string, { child }: Running): Sight {
  return {
    writers: writersIn(store).length,
    temps: countTemps(store) + countNamelessTemps(child.pid!),
    objects: objectsIn(store).length,
  };
}

/**
 * `staging` reaches up to the end of the first barrier, which leaves no trace of its own; `ending`
 * is when all that was staged has its name.
 */
function phaseOf({ temps, objects }: Sight): KilledIn {
  if (objects === 0) return temps === 0 ? 'opening' : 'staging';
  return temps === 0 ? 'ending' : 'publishing';
}

/** What was found after kills: the first fault of each kind. */
interface Recovery {
  hashed: number;
  wrong: string | undefined;
  lost: string | undefined;
}

/** Looks at what a kill has left, and at what the next run makes of it. */
async function recover(
  { folder, program }: Ground,
  source: string,
  expected: ReadonlySet<string>,
  found: Recovery,
): Promise<void> {
  const store = storeOf(folder);
  const dead = writersIn(store).length;
  found.hashed += objectsIn(store).length;
  found.wrong ??= await wrongObjects(store);
  const ended = await program.run(ingestOf({ folder }, [source]));
  found.lost ??=
    unexpectedEnd('an ingest after a killed one', ended, 0) ??
    notSwept(dead, printedReport(ended).swept) ??
    tempsLeft(store, 'the run that followed a killed one') ??
    otherObjects(store, expected);
  found.hashed += objectsIn(store).length;
  found.wrong ??= await wrongObjects(store);
}

/** A kill while store.json was written has left one temp more. */
function notSwept(dead: number, swept: number): string | undefined {
  return swept >= dead
    ? undefined
    : `the temps of ${counted(dead, 'killed writer')} were left, those of ${swept} were swept`;
}
