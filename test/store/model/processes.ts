/**
 * The processes of the model, each a row of steps that nobody comes between. A step gives where to go
 * on, or `WAIT` where it cannot be done yet.
 */

import { FORGOTTEN, LIVE, NAMES, NONE, REFS, type Ref, type State } from './state.ts';
import {
  type Deviations,
  END,
  holdExclusive,
  holdShared,
  type Process,
  release,
  type Step,
  WAIT,
} from './steps.ts';

function store(state: State, contents: number): void {
  state.touched |= contents & ~state.objects;
  state.objects |= contents;
}

/** `knows`: from a record, so that it looks only where the generation is another one. */
export function ingest(
  ref: Ref,
  { knows = false, ...rules }: Deviations & { knows?: boolean },
): Process {
  const [at, names] = [REFS.indexOf(ref), NAMES[ref]];
  const [GENERATION] = [0];
  return [
    // The start: the generation, under a hold that is over at once.
    (state, me) => {
      if (state.exclusive !== 0) return WAIT;
      state.setLocal(me, GENERATION, state.generation);
      const isSame = state.generation === 0 || rules.recordWithoutGeneration;
      return knows && isSame ? 4 : 1;
    },
    // Hits, or new objects: one content after the other.
    (state) => {
      store(state, names & 1);
      return 2;
    },
    (state) => {
      store(state, names & 2);
      return 3;
    },
    (state) => {
      state.objectsOnDisk |= state.objects & names;
      return 4;
    },
    (state, me) => (holdShared(state, me) ? 5 : WAIT),
    (state, me) => {
      const isSame = state.local(me, GENERATION) === state.generation;
      if (!isSame && !rules.noSecondLook) {
        state.setLocal(me, GENERATION, state.generation);
        release(state, me);
        return 1;
      }
      if (!rules.publishedAfterRelease) return 6;
      release(state, me);
      return 6;
    },
    (state) => {
      state.move(at, LIVE);
      return 7;
    },
    (state, me) => {
      state.flushRefs();
      state.report(at, 1);
      release(state, me);
      return END;
    },
  ];
}

/** An ingest without a snapshot says no more than that all is there when it ends. */
export function ingestUnnamed(contents: number, rules: Deviations): Process {
  const steps = ingest('one', rules);
  return [
    steps[0]!,
    (state) => {
      store(state, contents);
      return 2;
    },
    () => 3,
    (state) => {
      state.objectsOnDisk |= state.objects & contents;
      return 4;
    },
    steps[4]!,
    (state, me) => {
      const isSame = state.local(me, 0) === state.generation;
      if (isSame || rules.noSecondLook) {
        if ((contents & ~state.objects) !== 0) state.broken = 1;
        release(state, me);
        return END;
      }
      state.setLocal(me, 0, state.generation);
      release(state, me);
      return 1;
    },
  ];
}

/** The pin comes first, under the lock; then it looks. */
export function put(content: number, rules: Deviations): Process {
  /** Remembers whether what it met, or stored, was whole. */
  const look: Step = (state, me) => {
    state.setLocal(me, 0, content & ~(state.objects & state.damaged));
    store(state, content);
    return 5;
  };
  return [
    (state, me) => {
      if (rules.pinAfterLook) look(state, me);
      return 1;
    },
    (state, me) => (rules.pinWithoutLock || holdShared(state, me) ? 2 : WAIT),
    (state) => {
      state.pins |= content;
      return 3;
    },
    (state, me) => {
      release(state, me);
      return 4;
    },
    (state, me) => (rules.pinAfterLook ? 5 : look(state, me)),
    (state) => {
      state.objectsOnDisk |= state.objects & content;
      return 6;
    },
    (state, me) => {
      if (!rules.pinNotFlushed) state.pinsOnDisk = state.pins;
      // A hit is checked by its size: nothing is promised of what was damaged.
      state.promised |= content & ~state.damaged & state.local(me, 0);
      return END;
    },
  ];
}

/** Flushed before the lock is free, unless it is killed before. */
export function forget(ref: Ref): Process {
  const at = REFS.indexOf(ref);
  return [
    (state, me) => (holdShared(state, me) ? 1 : WAIT),
    (state) => {
      if (state.ref(at) === LIVE) state.move(at, FORGOTTEN);
      state.report(at, 0);
      return 2;
    },
    (state, me) => {
      state.flushRefs();
      release(state, me);
      return END;
    },
  ];
}

export function unforget(ref: Ref, rules: Deviations): Process {
  const [at, names] = [REFS.indexOf(ref), NAMES[ref]];
  const bringBack: Step = (state) => {
    if (state.ref(at) === FORGOTTEN) state.move(at, LIVE);
    return 6;
  };
  return [
    (state, me) => {
      if (state.ref(at) !== FORGOTTEN) return END;
      if (state.exclusive !== 0) return WAIT;
      state.setLocal(me, 0, state.generation);
      return 1;
    },
    // One content after the other.
    (state) => (rules.unforgetWithoutLook || (names & 1 & ~state.objects) === 0 ? 2 : END),
    (state) => (rules.unforgetWithoutLook || (names & 2 & ~state.objects) === 0 ? 3 : END),
    (state) => {
      if (!rules.unforgetWithoutFlush) state.objectsOnDisk |= state.objects & names;
      return 4;
    },
    (state, me) => (rules.unforgetWithoutLock || holdShared(state, me) ? 5 : WAIT),
    (state, me) => {
      const isSame = state.local(me, 0) === state.generation;
      if (isSame || rules.unforgetWithoutGeneration || rules.unforgetWithoutLook)
        return bringBack(state, me);
      release(state, me);
      return 0;
    },
    (state, me) => {
      state.flushRefs();
      if (state.ref(at) === LIVE) state.report(at, 1);
      release(state, me);
      return END;
    },
  ];
}

/** A damaged object goes; what named it had lost it before. */
export function quarantine(content: number, rules: Deviations): Process {
  return [
    (state, me) => (holdExclusive(state, me) ? 1 : WAIT),
    (state) => {
      if (!rules.quarantineWithoutGeneration) state.generation++;
      return 2;
    },
    (state, me) => {
      // Somebody else may have stored it anew.
      const damaged = content & state.damaged & state.objects;
      for (const ref of REFS.keys()) if (state.ref(ref) !== NONE) state.excuse(ref, damaged);
      state.objects &= ~damaged;
      state.objectsOnDisk &= ~damaged;
      state.damaged &= ~content;
      release(state, me);
      return END;
    },
  ];
}
