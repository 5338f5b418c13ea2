import type { BarrierKind, Durability } from '../store/choices.ts';
import { count, duration, latency, times } from '../units.ts';
import type { FlushFigure } from './flushes.ts';
import type { Advised, Figures } from './report.ts';

/** syncfs, unless it is no barrier here, or what other programs write makes it the slower one. */
export function adviseBarrier({ barrier, flushes }: Figures): Advised<BarrierKind> {
  if (barrier.value === 'fsync') return barrier;
  const { syncfsGroup, fsyncGroup, unfinished } = flushes;
  if (unfinished?.kind.startsWith('syncfs'))
    return {
      value: 'fsync',
      why: `a syncfs did not end in ${duration(unfinished.waitedMs)}: it waits for all that other programs write to this disk, an fsync only for its own file`,
    };
  if (syncfsGroup === undefined || fsyncGroup === undefined) return barrier;
  const [shared, single] = [perFileMs(syncfsGroup), perFileMs(fsyncGroup)];
  const figures = `${latency(shared)} a file with one for ${count(syncfsGroup.files)} files, against ${latency(single)} with fsyncs side by side`;
  return shared <= single
    ? { value: 'syncfs', why: `${barrier.why}; ${figures}` }
    : { value: 'fsync', why: `syncfs also writes what other programs left: ${figures}` };
}

/** Always `group`: it is never slower than `file`, and what `none` saves is a promise broken. */
export function adviseDurability(figures: Figures): Advised<Durability> {
  return { value: 'group', why: whyGroup(figures) };
}

/** From here on a difference is worth words. */
const WORTH = 1.5;

function whyGroup(figures: Figures): string {
  const { fileSystem, flushes } = figures;
  if (fileSystem.type === 'tmpfs')
    return 'costs nothing here; but this disk is memory: a power cut takes all of it';
  const shared = adviseBarrier(figures).value === 'syncfs';
  const group = shared ? flushes.syncfsGroup : flushes.fsyncGroup;
  const single = flushes.fsyncFile;
  if (group === undefined || single === undefined)
    return 'one flush for many files is never slower than one for each; its gain was not measured';
  const oneByOneMs = group.files * single.ms.median;
  const gain = oneByOneMs / group.ms.median;
  const how = shared ? 'one flush' : 'fsyncs side by side';
  const cost = `${count(group.files)} new files wait ${latency(group.ms.median)} for ${how}`;
  return gain < WORTH
    ? `${cost}, ${latency(oneByOneMs)} for one after the other: flushes cost little here`
    : `${cost}; with an fsync after each (--durability file) they wait ${latency(oneByOneMs)}, ${times(gain)} as long`;
}

function perFileMs({ ms, files }: FlushFigure): number {
  return ms.median / files;
}
