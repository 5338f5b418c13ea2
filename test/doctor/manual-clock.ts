/** A clock that stands until it is moved, in ms. */
export function manualClock() {
  let nowMs = 5000;
  return {
    now: () => nowMs,
    pass: (ms: number) => {
      nowMs += ms;
    },
  };
}
