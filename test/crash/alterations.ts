/** Recorded calls as a program would have made them that has its order wrong. */
import { basename } from 'node:path';
import { isDigest } from '../../src/store/digest.ts';
import type { Call } from './calls.ts';

type Calls = readonly Call[];

/** The first object gets its name just before the flush of its bytes, instead of after it. */
export function renameBeforeFlush(calls: Calls): Calls {
  const rename = calls.find((call) => call.name === 'rename' && isDigest(basename(call.to)));
  if (rename?.name !== 'rename') throw new Error('no object was published');
  const flush = calls.findLast(
    (call) =>
      call.ended < rename.begun &&
      (call.name === 'syncfs' || (call.name === 'flush' && call.path === rename.from)),
  );
  if (flush === undefined) throw new Error('its bytes were not flushed');
  const moment = flush.begun - 0.5;
  return calls.map((call) => (call === rename ? { ...call, begun: moment, ended: moment } : call));
}

/** A file or directory is not flushed. */
export function withoutFlushesOf(path: string): (calls: Calls) => Calls {
  return (calls) => {
    const kept = calls.filter((call) => call.name !== 'flush' || call.path !== path);
    if (kept.length === calls.length) throw new Error(`${path} was not flushed`);
    return kept;
  };
}
