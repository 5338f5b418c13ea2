import { medianSample, repeatReference, secondsOf } from '../method.ts';
import type { Context } from '../question.ts';
import { type Floor, type FloorReport, floorContender } from './floor.ts';
import { FLOORS } from './index.ts';
import type { FloorName, FloorTime, FloorTimes } from './times.ts';

interface Measured {
  readonly times: FloorTimes;
  /** Why the others have no time. */
  readonly lacks: Readonly<Partial<Record<FloorName, string>>>;
}

const measured = new WeakMap<Context, Promise<Measured>>();

/** The floors of a context's tree and disk, measured once a context, as far as they can be. */
export async function floorTimes(context: Context): Promise<FloorTimes> {
  return (await allFloors(context)).times;
}

/** Why some of them have no time. */
export async function floorLacks(context: Context): Promise<Measured['lacks']> {
  return (await allFloors(context)).lacks;
}

/** Some of them, for a tree that only one question ingests. */
export async function someFloorTimes(
  context: Context,
  names: readonly FloorName[],
): Promise<FloorTimes> {
  const floors = FLOORS.filter(({ name }) => names.includes(name));
  return (await measureFloors(context, floors)).times;
}

async function allFloors(context: Context): Promise<Measured> {
  const known = measured.get(context) ?? measureFloors(context, FLOORS);
  measured.set(context, known);
  try {
    return await known;
  } catch (error) {
    // The next question may have more luck.
    measured.delete(context);
    throw error;
  }
}

async function measureFloors(context: Context, floors: readonly Floor[]): Promise<Measured> {
  const times: Partial<Record<FloorName, FloorTime>> = {};
  const lacks: Partial<Record<FloorName, string>> = {};
  for (const floor of floors) {
    const time = await measureFloor(context, floor);
    if (typeof time === 'string') lacks[floor.name] = time;
    else times[floor.name] = time;
  }
  for (const lack of new Set(Object.values(lacks)))
    context.note(`no distance from some floors: ${lack}`);
  return { times, lacks };
}

/** Its time, or why there is none. */
async function measureFloor(context: Context, floor: Floor): Promise<FloorTime | string> {
  const contender = await floorContender(context, floor);
  if ('lack' in contender) return contender.lack;
  const outcome = await repeatReference(contender, context.rounds);
  if ('lack' in outcome) return outcome.lack;
  const spread = secondsOf(outcome.samples);
  const { fsyncMs } = JSON.parse(medianSample(outcome.samples).stdout) as FloorReport;
  return {
    label: floor.label,
    seconds: spread.median,
    spread,
    ...(fsyncMs !== undefined && { fsyncMs }),
  };
}
