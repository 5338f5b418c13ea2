import { alternate, medianSample, secondsOf } from '../method.ts';
import type { Context } from '../question.ts';
import { type Floor, type FloorReport, floorContender } from './floor.ts';
import { FLOORS } from './index.ts';
import type { FloorName, FloorTime, FloorTimes } from './times.ts';

const measured = new WeakMap<Context, Promise<FloorTimes>>();

/** The floors of a context's tree and disk, measured once a context. Empty without a C compiler. */
export function floorTimes(context: Context): Promise<FloorTimes> {
  const known = measured.get(context) ?? measureFloors(context, FLOORS);
  measured.set(context, known);
  return known;
}

/** Some of them, for a tree that only one question ingests. */
export function someFloorTimes(context: Context, names: readonly FloorName[]): Promise<FloorTimes> {
  return measureFloors(
    context,
    FLOORS.filter(({ name }) => names.includes(name)),
  );
}

async function measureFloors(context: Context, floors: readonly Floor[]): Promise<FloorTimes> {
  const times: Partial<Record<FloorName, FloorTime>> = {};
  for (const floor of floors) {
    const contender = await floorContender(context, floor);
    if ('lack' in contender) {
      context.note(`no distance from the floors: ${contender.lack}`);
      return {};
    }
    const [samples = []] = await alternate([contender], context.rounds);
    const spread = secondsOf(samples);
    const { fsyncMs } = JSON.parse(medianSample(samples).stdout) as FloorReport;
    times[floor.name] = {
      label: floor.label,
      seconds: spread.median,
      spread,
      ...(fsyncMs !== undefined && { fsyncMs }),
    };
  }
  return times;
}
