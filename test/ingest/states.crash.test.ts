/**
 * What a power cut leaves. Real runs are recorded, and states in which one may leave the disk, at
 * any point of them, are checked: INGOT_STATES is how many, over all scenarios. In some of them the
 * last command is run once more.
 */
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { brokenIn } from '../crash/checks.ts';
import type { Image } from '../crash/disk-image.ts';
import { Trial } from '../crash/record.ts';
import { brokenAfterRerun } from '../crash/rerun.ts';
import { SCENARIOS } from '../crash/scenarios.ts';
import { Disk, type State, sampledStates, seeded } from '../crash/states.ts';
import { demandProgram } from '../harness/mounts.ts';

const STATES = Number(process.env.INGOT_STATES ?? 1_500);
/** Running a command takes as long as checking a thousand states. */
const STATES_PER_RERUN = 100;
const SEED = 1;
/** A short run has fewer different states than are wanted: then so many in a row are known ones. */
const REPEATS = 3_000;

const counts: string[] = [];
const total = { states: 0, reruns: 0 };
afterAll(() => {
  const sum = `${total.states} states checked, the command run again in ${total.reruns}`;
  process.stdout.write([...counts, sum, ''].join('\n'));
});

beforeEach((context) => demandProgram(context, 'strace'));

/** No two of them alike in what the disk holds and what was promised. */
function* differentStates(trial: Trial): Generator<State & { image: Image }> {
  const disk = new Disk(trial.history);
  const seen = new Set<string>();
  let repeats = 0;
  for (const state of sampledStates(trial.history, seeded(SEED))) {
    const { image, key } = disk.after(state);
    const done = trial.history.acknowledged.filter((moment) => moment <= state.point).length;
    const known = seen.size;
    seen.add(`${key} ${done}`);
    repeats = seen.size === known ? repeats + 1 : 0;
    if (repeats === REPEATS) return;
    if (repeats === 0) yield { ...state, image };
  }
}

describe('a power cut at any point breaks no promise, and the next run completes:', () => {
  for (const [n, { title, demands, record }] of SCENARIOS.entries())
    it(title, { timeout: 60_000 + STATES * 20 }, (context) => {
      demands(context);
      const recording = record();
      const trial = new Trial(recording);
      // What short runs have too few of falls to those that come after.
      const wanted = Math.ceil((STATES - total.states) / (SCENARIOS.length - n));
      let states = 0;
      let reruns = 0;
      for (const { point, cut, image } of differentStates(trial)) {
        const where = `line ${point} of the log, ${cut.what}`;
        expect(brokenIn(image, trial.promisedAt(point)), where).toEqual([]);
        if (states % STATES_PER_RERUN === 0) {
          expect(brokenAfterRerun(recording, trial, point, image), where).toEqual([]);
          reruns++;
        }
        if (++states === wanted) break;
      }
      counts.push(`${title}: ${states} states, run again in ${reruns}`);
      total.states += states;
      total.reruns += reruns;
    });
});
