/** A gc: it marks without the lock, and removes in slices, of one content each. */
import { FORGOTTEN, LIVE, NONE, namedBy, REFS, type State } from './state.ts';
import {
  type Deviations,
  END,
  holdExclusive,
  type Process,
  release,
  type Step,
  WAIT,
} from './steps.ts';

export function gc(rules: Deviations): Process {
  const [FORGOT, MARKED, TAKEN, PINS] = [0, 1, 2, 3];
  /** What may go: named by what was forgotten, and by nothing that is marked. */
  const wanted = (state: State, me: number) =>
    namedBy(state.local(me, FORGOT) & ~state.local(me, MARKED)) &
    ~namedBy(state.local(me, MARKED)) &
    ~state.local(me, TAKEN);
  const least = (bits: number) => bits & -bits;
  const unlink: Step = (state, me) => {
    const next = least(wanted(state, me));
    state.objects &= ~(next & ~state.local(me, PINS));
    state.damaged &= state.objects;
    state.setLocal(me, TAKEN, state.local(me, TAKEN) | next);
    return 8;
  };
  const changeGeneration: Step = (state, me) => {
    if (!rules.generationOnce || state.local(me, TAKEN) === 0) state.generation++;
    return 7;
  };
  return [
    (state, me) => {
      if (state.gcRun !== 0) return WAIT;
      state.gcRun = me + 1;
      return 1;
    },
    (state, me) => {
      state.setLocal(me, FORGOT, state.refsIn(FORGOTTEN));
      state.setLocal(me, PINS, state.pins);
      return 2;
    },
    // Marks, without the lock.
    (state, me) => {
      if (rules.foldersFlushedOnce) state.flushRefs();
      state.setLocal(me, MARKED, state.local(me, MARKED) | state.refsIn(LIVE));
      return wanted(state, me) === 0 ? 9 : rules.generationOutside ? 3 : 4;
    },
    // Only a deviation comes here.
    (state, me) => {
      changeGeneration(state, me);
      return 4;
    },
    // A slice.
    (state, me) => (rules.noLock || holdExclusive(state, me) ? 5 : WAIT),
    (state, me) => {
      const isNew = (state.refsIn(LIVE) & ~state.local(me, MARKED)) !== 0;
      if (!isNew || rules.oldMarks) return 6;
      release(state, me);
      return 2;
    },
    (state, me) => {
      if (!rules.foldersFlushedOnce && !rules.foldersNotFlushed) state.flushRefs();
      if (!rules.pinsReadOnce) state.setLocal(me, PINS, state.pins);
      if (rules.generationLate || rules.generationOutside) return unlink(state, me);
      return changeGeneration(state, me);
    },
    unlink,
    (state, me) => {
      if (rules.generationLate) changeGeneration(state, me);
      release(state, me);
      return wanted(state, me) === 0 ? 9 : rules.generationOutside ? 3 : 4;
    },
    (state) => {
      if (!rules.referenceBeforeFlush) state.objectsOnDisk &= state.objects;
      if (!rules.foldersNotFlushedLast) {
        state.flushRefs();
        if (!rules.pinsNotFlushed) state.pinsOnDisk = state.pins;
      }
      return 10;
    },
    // A reference that came back goes no more.
    (state, me) => {
      for (const ref of REFS.keys()) {
        const isForgot = ((state.local(me, FORGOT) >> ref) & 1) === 1;
        const isMarked = ((state.local(me, MARKED) >> ref) & 1) === 1;
        if (!isForgot || (isMarked && !rules.revivedReferenceTaken)) continue;
        if (state.ref(ref) !== FORGOTTEN) continue;
        state.move(ref, NONE);
        state.takenRefs |= 1 << ref;
      }
      return 11;
    },
    (state, me) => {
      state.flushRefs();
      for (let at = 0; at < 4; at++) state.setLocal(me, at, 0);
      state.gcRun = 0;
      return END;
    },
  ];
}
