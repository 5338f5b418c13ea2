/** Goes through every order of steps, kills at any moment, and power cuts in every state. */

import { FORGOTTEN, LIVE, NAMES, namedBy, REFS, State, X, Y } from './state.ts';
import { END, type Process, release, WAIT } from './steps.ts';

/** What was found wrong, and the steps that led there: `process:step`. */
export interface Found {
  readonly what: string;
  readonly trail: readonly string[];
}

export interface Explored {
  readonly states: number;
  readonly found: Found | undefined;
}

export interface Exploring {
  readonly begin: State;
  readonly processes: readonly Process[];
  /** Processes that may be killed, one in each history. */
  readonly mortal: readonly number[];
}

/** A store in which a snapshot names both contents, durably. */
export function storeWithSnapshot(place: number): State {
  const state = new State();
  state.objects = state.objectsOnDisk = X | Y;
  state.move(REFS.indexOf('old'), place);
  state.flushRefs();
  return state;
}

export function explore({ begin, processes, mortal }: Exploring): Explored {
  const met = new Set([begin.key]);
  const queue: { state: State; from: number; by: string }[] = [{ state: begin, from: -1, by: '' }];
  const trailTo = (at: number): string[] => {
    const trail: string[] = [];
    for (let each = at; each > 0; each = queue[each]!.from) trail.push(queue[each]!.by);
    return trail.reverse();
  };
  for (let at = 0; at < queue.length; at++) {
    const { state } = queue[at]!;
    const what = wrongIn(state);
    if (what !== undefined) return { states: met.size, found: { what, trail: trailTo(at) } };
    const meet = (next: State, by: string) => {
      const { key } = next;
      if (met.has(key)) return;
      met.add(key);
      queue.push({ state: next, from: at, by });
    };
    for (const [me, steps] of processes.entries()) {
      const step = state.at(me);
      if (step === END) continue;
      const next = state.copy();
      const to = steps[step]!(next, me);
      if (to !== WAIT) {
        next.go(me, to);
        meet(next, `${me}:${step}`);
      }
      if (state.killed === 0 && mortal.includes(me) && step > 0) meet(killed(state, me), `${me}:†`);
    }
  }
  return { states: met.size, found: undefined };
}

function killed(state: State, me: number): State {
  const next = state.copy();
  release(next, me);
  if (next.gcRun === me + 1) next.gcRun = 0;
  next.killed = 1;
  next.go(me, END);
  return next;
}

/** As it is now, and after any power cut at this moment. */
function wrongIn(state: State): string | undefined {
  if (state.broken === 1) return 'something was reported stored, and is not there';
  for (const { objects, refs, pins, when } of imagesOf(state)) {
    for (const ref of REFS.keys()) {
      if (refs[ref] !== LIVE) {
        if (state.isReported(ref)) return `${when}: snapshot ${REFS[ref]} is gone`;
        continue;
      }
      const lost = NAMES[REFS[ref]!] & ~objects & ~state.excused(ref);
      if (lost !== 0) return `${when}: snapshot ${REFS[ref]} lacks ${lost}`;
    }
    if ((state.promised & ~objects) !== 0) return `${when}: what was put is gone`;
    if ((state.promised & ~pins) !== 0) return `${when}: a pin is gone`;
    const leaked = leakIn(state, { objects, refs, pins });
    if (leaked !== 0) return `${when}: ${leaked} stays for ever`;
  }
  return undefined;
}

interface Image {
  readonly objects: number;
  readonly refs: readonly number[];
  readonly pins: number;
}

/** What a gc that is over has left, and no gc will ever look for. */
function leakIn(state: State, { objects, refs, pins }: Image): number {
  let [taken, known] = [0, 0];
  for (const ref of REFS.keys()) {
    if ((state.takenRefs >> ref) & 1 && refs[ref] !== FORGOTTEN) taken |= 1 << ref;
    if (refs[ref] === LIVE || refs[ref] === FORGOTTEN) known |= 1 << ref;
  }
  return namedBy(taken) & objects & ~namedBy(known) & ~pins & ~state.touched;
}

/** Whatever is not flushed may be there or not, in any combination. */
function* imagesOf(state: State): Generator<Image & { readonly when: string }> {
  const refs = REFS.map((_, ref) => state.ref(ref));
  const refsOnDisk = REFS.map((_, ref) => state.refOnDisk(ref));
  yield { objects: state.objects, refs, pins: state.pins, when: 'now' };
  const when = 'after a power cut';
  for (const objects of between(state.objects, state.objectsOnDisk))
    for (const pins of between(state.pins, state.pinsOnDisk))
      for (const which of between(7, 0)) {
        const some = refs.map((now, ref) => ((which >> ref) & 1 ? now : refsOnDisk[ref]!));
        yield { objects, refs: some, pins, when };
      }
}

/** Each number whose bits are those of one or of the other. */
function between(a: number, b: number): number[] {
  const all: number[] = [];
  const other = a ^ b;
  for (let some = other; ; some = (some - 1) & other) {
    all.push((a & b) | some);
    if (some === 0) return all;
  }
}
