import { expect, it } from 'vitest';
import type { ReadAhead } from '../../src/read-ahead/choice.ts';
import { Width } from '../../src/read-ahead/width.ts';

const COLD = 0.15;
const WARM = 0.007;
const ASKING = 0.02;

const width = (choice: ReadAhead = 'auto', hasRecord = false) => new Width(choice, hasRecord);

function readWithout(ahead: Width, ms: number, times = 64): void {
  for (let n = 0; n < times; n++) ahead.read(ms, 0, false);
}

/** Until what was asked for when it was narrower has passed, and so many groups more. */
function readWith(ahead: Width, ms: number, { groups = 1, asking = ASKING } = {}): void {
  for (let n = 0; n < ahead.files + 64 * groups; n++) {
    ahead.asked(asking);
    ahead.read(ms, 0, true);
  }
}

/** All of them were asked for. */
function readGroup(ahead: Width, ms: number): void {
  for (let n = 0; n < 64; n++) {
    ahead.asked(ASKING);
    ahead.read(ms, 0, true);
  }
}

/** A thread that gives its processor away when it is told to. */
class Thread {
  switches = 0;
  asked = 0;
  readonly ahead = new Width('auto', false, () => {
    this.asked++;
    return this.switches;
  });

  read(ms: number, times: number, isWaiting: (n: number) => boolean): void {
    for (let n = 0; n < times; n++) {
      this.ahead.begins();
      if (isWaiting(n)) this.switches++;
      this.ahead.read(ms, 0, false);
    }
  }
}

const SLOW = 0.05;

function started(): Width {
  const ahead = width();
  readWithout(ahead, COLD);
  return ahead;
}

it('starts when reads wait', () => {
  const ahead = width();
  readWithout(ahead, COLD, 63);
  expect(ahead.files).toBe(0);
  readWithout(ahead, COLD, 1);
  expect(ahead.files).toBe(128);
});

it('does not start where memory has what is read, however large it is', () => {
  const ahead = width();
  readWithout(ahead, WARM, 10_000);
  for (let n = 0; n < 1000; n++) ahead.read(2, 4 << 20, false);
  expect(ahead.files).toBe(0);
  expect(ahead.widest).toBe(0);
});

it('does not start because others hold up a read in ten', () => {
  const ahead = width();
  for (let n = 0; n < 10_000; n++) ahead.read(n % 10 === 0 ? 20 : WARM, 0, false);
  expect(ahead.files).toBe(0);
});

it('does not start where the machine is slow, and reads do not wait', () => {
  const thread = new Thread();
  thread.read(SLOW, 100_000, (n) => n % 16 === 0);
  expect(thread.ahead.widest).toBe(0);
  expect(thread.ahead.files).toBe(0);
  // It is looked at in one group of reads among many, before and after each.
  expect(thread.asked).toBeGreaterThan(2 * 64);
  expect(thread.asked).toBeLessThan(100_000 / 12);
});

it('starts where reads take as long, and wait', () => {
  const thread = new Thread();
  thread.read(SLOW, 2 * 64 - 1, () => true);
  expect(thread.ahead.files).toBe(0);
  thread.read(SLOW, 1, () => true);
  expect(thread.ahead.files).toBe(128);
  expect(thread.asked).toBe(2 * 64);
});

it('sees where a slow machine goes from what memory holds to what it does not, and back', () => {
  const thread = new Thread();
  thread.read(SLOW, 1000, () => false);
  thread.read(4 * SLOW, 3000, () => true);
  expect(thread.ahead.files).toBe(128);
  thread.ahead.compares();
  thread.read(SLOW, 64, () => false);
  expect(thread.ahead.files).toBe(0);
});

it('compares ever later, up to a limit', () => {
  const ahead = started();
  const after = [];
  for (let n = 0; n < 4; n++) {
    let files = 0;
    for (; !ahead.shallCompare; files += 64) readGroup(ahead, WARM);
    after.push(files);
    ahead.compares();
    readWithout(ahead, COLD);
  }
  expect(after).toEqual([2048, 4096, 8192, 8192]);
});

it('widens while reads still wait, up to a limit, and not any more when they do not', () => {
  const ahead = started();
  readWith(ahead, COLD / 2);
  expect(ahead.files).toBe(256);
  readWith(ahead, WARM);
  expect(ahead.files).toBe(256);
  for (let n = 0; n < 9; n++) readWith(ahead, COLD / 2);
  expect(ahead.files).toBe(512);
  expect(ahead.widest).toBe(512);
});

it('ends where a file takes as long with it, and tries again ever later', () => {
  const ahead = started();
  readWith(ahead, COLD, { groups: 4 });
  expect(ahead.files).toBe(0);
  readWithout(ahead, COLD, 4096 + 63);
  expect(ahead.files).toBe(0);
  readWithout(ahead, COLD, 1);
  expect(ahead.files).toBe(128);
  readWith(ahead, COLD, { groups: 4 });
  readWithout(ahead, COLD, 2 * 4096 + 63);
  expect(ahead.files).toBe(0);
  readWithout(ahead, COLD, 1);
  expect(ahead.files).toBe(128);
});

it('ends where asking takes what reading has saved: opening costs a round trip', () => {
  const ahead = started();
  readWith(ahead, WARM, { groups: 4, asking: COLD });
  expect(ahead.files).toBe(0);
});

it('goes on where one group in some had bad luck', () => {
  const ahead = started();
  readWith(ahead, WARM);
  for (let row = 0; row < 4; row++) {
    for (let n = 0; n < 512; n++) ahead.asked(n < 448 ? ASKING : COLD);
    for (let n = 0; n < 512; n++) ahead.read(n < 448 ? WARM : COLD, 0, true);
  }
  expect(ahead.files).toBeGreaterThan(0);
});

it('compares now and then, and ends when reads wait no longer', () => {
  const ahead = started();
  expect(ahead.shallCompare).toBe(false);
  readWith(ahead, WARM, { groups: 32 });
  expect(ahead.shallCompare).toBe(true);
  ahead.compares();
  expect(ahead.shallCompare).toBe(false);
  readWithout(ahead, WARM);
  expect(ahead.files).toBe(0);
});

it('waits where entries may be known until they are read', () => {
  for (const choice of ['auto', 16] as const) {
    const ahead = width(choice, true);
    expect(ahead.files).toBe(0);
    readWithout(ahead, COLD, 64);
    expect(ahead.files).toBeGreaterThan(0);
    for (let n = 0; n < 64; n++) ahead.passed();
    expect(ahead.files).toBe(0);
  }
});

it('is what was asked for, whatever reads take', () => {
  const ahead = width(16);
  readWithout(ahead, WARM, 1000);
  readWith(ahead, COLD, { groups: 50 });
  expect(ahead.files).toBe(16);
  expect(ahead.shallCompare).toBe(false);
  expect(ahead.widest).toBe(16);
  const none = width(0);
  readWithout(none, COLD, 1000);
  expect(none.files).toBe(0);
});

it.each(['auto', 16] as const)(
  'ends for good when the machine is short of something: %s',
  (choice) => {
    const ahead = width(choice);
    ahead.end();
    readWithout(ahead, COLD, 100_000);
    expect(ahead.files).toBe(0);
  },
);
