import fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  alternate,
  alternateBeside,
  isNoisy,
  measure,
  medianSample,
  noiseOf,
  ratioOf,
  repeatReference,
  spreadOf,
} from '../../bench/method.ts';
import { IngotError } from '../../src/errors.ts';
import { temporaryDirectory } from '../harness/tree.ts';

const samples = (...seconds: number[]) =>
  seconds.map((each) => ({ seconds: each, stdout: `${each}` }));

describe('a spread', () => {
  it('is minimum, median and maximum, whatever the order of the runs', () => {
    expect(spreadOf([3, 1, 20])).toEqual({ min: 1, median: 3, max: 20, runs: 3 });
    expect(spreadOf([4, 1, 2, 3])).toEqual({ min: 1, median: 2.5, max: 4, runs: 4 });
    expect(() => spreadOf([])).toThrow(RangeError);
  });

  it('is noisy above a fifth of the median', () => {
    expect(noiseOf(spreadOf([9, 10, 12]))).toBeCloseTo(0.3);
    expect(isNoisy(spreadOf([9, 10, 11]))).toBe(false);
    expect(isNoisy(spreadOf([9, 10, 11.1]))).toBe(true);
    expect(isNoisy(spreadOf([0, 0]))).toBe(false);
  });
});

describe('a ratio', () => {
  it('is of the two runs of each round, not of the medians', () => {
    expect(ratioOf(samples(1, 2, 9), samples(2, 2, 3))).toEqual({
      min: 0.5,
      median: 1,
      max: 3,
      runs: 3,
    });
  });

  it('belongs to the run in the middle', () => {
    expect(medianSample(samples(3, 1, 2)).stdout).toBe('2');
    expect(medianSample(samples(4, 3, 1, 2)).stdout).toBe('2');
  });
});

describe('runs', () => {
  it('take turns after a warm-up, each prepared before', async () => {
    const log = join(temporaryDirectory(), 'log');
    const contender = (name: string) => ({
      command: ['sh', '-c', `printf ${name} >>"$0"`, log] as const,
      prepare: () => fs.appendFileSync(log, '.'),
    });
    const [a, b] = await alternate([contender('a'), contender('b')], 2);
    expect(fs.readFileSync(log, 'utf8')).toBe('.a.b.a.b.a.b');
    expect([a?.length, b?.length]).toEqual([2, 2]);
  });

  it('give their time, their memory and what they print', async () => {
    const sample = await measure({ command: ['sh', '-c', 'echo said; echo and >&2'] });
    expect(sample.stdout).toBe('said\n');
    expect(sample.seconds).toBeGreaterThan(0);
    const told = await measure({ command: ['echo', '1.5'], secondsIn: Number });
    expect(told.seconds).toBe(1.5);
  });

  it('fail with their command and what they said, unless their exit code counts', async () => {
    const failing = { command: ['sh', '-c', 'echo no luck >&2; exit 3'] as const };
    await expect(measure(failing)).rejects.toThrow(/exit 3 failed: no luck$/);
    await expect(measure({ command: ['no-such-program'] })).rejects.toThrow(/no-such-program/);
    await expect(measure({ ...failing, accepts: [0, 3] })).resolves.toBeDefined();
  });

  it('fail when what they left behind is not what it has to be', async () => {
    const check = (stdout: string) => {
      const why = `it is ${stdout}`;
      if (stdout !== 'whole\n') throw new IngotError({ what: 'no luck', code: 'HALF', why });
    };
    await expect(measure({ command: ['echo', 'whole'], check })).resolves.toBeDefined();
    await expect(measure({ command: ['echo', 'half'], check })).rejects.toThrow(/half/);
    const half = { command: ['echo', 'half'] as const, check };
    const { references } = await alternateBeside({ command: ['true'] }, [half], 1);
    expect(references).toEqual([{ lack: expect.stringMatching(/^failed: it is half/) }]);
  });
});

it('runs may be others in each round, the warm-up included', async () => {
  const [ours, theirs] = ['ours', 'theirs'].map((name) => (round: number) => ({
    command: ['echo', `${name} ${round}`] as const,
  }));
  const { samples, references } = await alternateBeside(ours!, [theirs!], 2);
  expect(samples.map(({ stdout }) => stdout)).toEqual(['ours 0\n', 'ours 1\n']);
  expect(references).toMatchObject([
    { samples: [{ stdout: 'theirs 0\n' }, { stdout: 'theirs 1\n' }] },
  ]);
});

describe('a reference that fails', () => {
  const fine = { command: ['true'] as const };
  const failing = { command: ['sh', '-c', 'echo no luck >&2; exit 1'] as const };

  it('drops out and leaves the others their samples', async () => {
    const counter = join(temporaryDirectory(), 'runs');
    const once = { command: ['sh', '-c', '! [ -e "$0" ] && touch "$0"', counter] as const };
    const missing = { command: ['no-such-program'] as const };
    const { samples, references } = await alternateBeside(fine, [failing, fine, once, missing], 2);
    expect(samples).toHaveLength(2);
    expect(references).toMatchObject([
      { lack: 'failed: no luck' },
      { samples: [{}, {}] },
      { lack: 'failed: it ended with 1' },
      { lack: expect.stringMatching(/^failed: .*no-such-program/) },
    ]);
  });

  it('has a reason when it is alone, too', async () => {
    expect(await repeatReference(failing, 1)).toEqual({ lack: 'failed: no luck' });
    expect(await repeatReference(fine, 2)).toMatchObject({ samples: [{}, {}] });
  });

  it('is not ours: that is thrown', async () => {
    await expect(alternateBeside(failing, [fine], 1)).rejects.toThrow(/no luck/);
  });
});
