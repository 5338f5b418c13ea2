/** Recorded calls as a program would have made them that has its order wrong. */
import { basename, dirname } from 'node:path';
import { isDigest } from '../../src/digest.ts';
import type { Call } from './calls.ts';

type Calls = readonly Call[];

/** The first object gets its name just before the flush of its bytes, instead of after it. */
export function nameBeforeFlush(calls: Calls): Calls {
  const naming = calls.find(
    (call) => (call.name === 'rename' || call.name === 'link') && isDigest(basename(call.to)),
  );
  if (naming === undefined || !('from' in naming)) throw new Error('no object was published');
  const flush = calls.findLast(
    (call) =>
      call.ended < naming.begun &&
      (call.name === 'syncfs' || (call.name === 'flush' && call.path === naming.from)),
  );
  if (flush === undefined) throw new Error('its bytes were not flushed');
  return moved(calls, naming, flush);
}

/** The mark of a run without flushes is removed just before the last object's flush, not after it. */
export function unmarkBeforeFlush(calls: Calls): Calls {
  const unmark = calls.find(
    (call) => call.name === 'unlink' && basename(dirname(call.path)) === 'unflushed',
  );
  if (unmark === undefined) throw new Error('no mark was removed');
  const flush = calls.findLast(
    (call) =>
      call.ended < unmark.begun &&
      (call.name === 'syncfs' || (call.name === 'flush' && isDigest(basename(call.path)))),
  );
  if (flush === undefined) throw new Error('no object was flushed');
  return moved(calls, unmark, flush);
}

/** The new generation gets its name when an object has lost its own. */
export function generationAfterRemoval(calls: Calls): Calls {
  return generationAfter(calls, (to) => basename(dirname(to)) === 'moving');
}

/** Of a gc: the generation gets its name when the first object is gone. */
export function generationAfterUnlink(calls: Calls): Calls {
  const change = calls.find((call) => call.name === 'rename' && basename(call.to) === 'generation');
  const gone = calls.find((call) => call.name === 'unlink' && isDigest(basename(call.path)));
  const next = gone && calls.find((call) => call.begun > gone.ended);
  if (change === undefined || next === undefined) throw new Error('no object was removed');
  return moved(calls, change, next);
}

/** The generation gets its name when store.json says that there is one. */
export function generationAfterFormat(calls: Calls): Calls {
  return generationAfter(calls, (to) => basename(to) === 'store.json');
}

function generationAfter(calls: Calls, isOther: (to: string) => boolean): Calls {
  const renaming = (isIt: (to: string) => boolean) =>
    calls.find((call) => call.name === 'rename' && isIt(call.to));
  const change = renaming((to) => basename(to) === 'generation');
  const other = renaming(isOther);
  const next = other && calls.find((call) => call.begun > other.ended);
  if (change === undefined || next === undefined) throw new Error('there is no such rename');
  return moved(calls, change, next);
}

/** The reference of a snapshot gets its name. */
function referenceIn(calls: Calls) {
  return namingIn(calls, 'snapshots');
}

/** The first file gets its name in a folder of `.ingot`. */
function namingIn(calls: Calls, folder: string) {
  const naming = calls.find(
    (call) => call.name === 'rename' && basename(dirname(call.to)) === folder,
  );
  if (naming === undefined || !('from' in naming))
    throw new Error(`nothing was named in ${folder}`);
  return naming;
}

/** Names in a folder that are flushed before the reference are so when it is durable, and not before. */
export function flushAfterReference(folder: string): (calls: Calls) => Calls {
  return (calls) => {
    const { begun } = referenceIn(calls);
    const isEarlier = (call: Call) =>
      call.name === 'syncfs' || (call.name === 'flush' && call.path === folder);
    const end = calls.find((call) => call.name === 'flush' && call.begun > begun);
    const flush = calls.findLast((call) => isEarlier(call) && call.ended < begun);
    if (flush?.name !== 'flush' || end === undefined) throw new Error(`${folder} was not flushed`);
    const moment = end.ended + 0.5;
    return calls.map((call) => (call === flush ? { ...call, begun: moment, ended: moment } : call));
  };
}

/** What is the first to get a name in a folder of `.ingot` gets it without a flush of its bytes. */
export function nameUnflushed(folder: string): (calls: Calls) => Calls {
  return (calls) => withoutFlushesOf(namingIn(calls, folder).from)(calls);
}

/** Segments that are there are taken for those that are needed. */
export function segmentsBelieved(calls: Calls): Calls {
  const isSegment = (path: string) => basename(dirname(path)) === 'segments';
  return calls.filter(
    (call) =>
      !(call.name === 'unlink' && isSegment(call.path)) &&
      !(call.name === 'rename' && isSegment(call.to)),
  );
}

/** One call comes just before another. */
function moved(calls: Calls, one: Call, other: Call): Calls {
  const moment = other.begun - 0.5;
  return calls.map((call) => (call === one ? { ...call, begun: moment, ended: moment } : call));
}

/** A file or directory is not flushed. */
export function withoutFlushesOf(path: string): (calls: Calls) => Calls {
  return (calls) => {
    const kept = calls.filter((call) => call.name !== 'flush' || call.path !== path);
    if (kept.length === calls.length) throw new Error(`${path} was not flushed`);
    return kept;
  };
}

/** There is no syncfs. */
export function withoutSyncfs(calls: Calls): Calls {
  return calls.filter(({ name }) => name !== 'syncfs');
}
