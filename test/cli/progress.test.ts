import { EventEmitter } from 'node:events';
import { setImmediate as aTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createDisplay, type Terminal } from '../../src/cli/progress.ts';
import type { ShownProgress } from '../../src/cli/progress-line.ts';
import { demandTerminal } from '../harness/mounts.ts';
import { script } from '../harness/run.ts';

class FakeTerminal extends EventEmitter implements Terminal {
  text = '';
  readonly isTTY: boolean;
  columns = 100;

  constructor(isTTY: boolean) {
    super();
    this.isTTY = isTTY;
  }

  /** Resolves when a bar with a state is drawn that comes after so many characters. */
  async drawn(after = 0): Promise<void> {
    while (!this.text.slice(after).includes('entries')) await aTurn();
  }

  write(text: string): void {
    this.text += text;
  }
}

beforeEach(() => {
  vi.stubEnv('TERM', 'xterm');
});
afterEach(() => {
  vi.unstubAllEnvs();
});

/** A run of 1,000 entries and 100 MB that takes 100 seconds. */
function at(second: number, more: Partial<ShownProgress> = {}): ShownProgress {
  return {
    entriesFound: 1000,
    entriesDone: second * 10,
    bytesRead: second * 1e6,
    walking: false,
    elapsedMs: second * 1000,
    total: 1000,
    totalBytes: 100e6,
    fractionDone: second / 100,
    perSecond: 10,
    bytesPerSecond: 1e6,
    secondsLeft: 100 - second,
    ...more,
  };
}

describe('progress', () => {
  it('is a line every five seconds where stderr is no terminal', async () => {
    const terminal = new FakeTerminal(false);
    const display = await createDisplay(terminal, true, 'entries');
    for (let second = 0; second <= 11; second += 0.5) display.update(at(second));
    display.stop();
    expect(terminal.text.split('\n')).toEqual([
      '5 %  50/1,000 entries  5.00/100 MB  10/s  1.0 MB/s  ETA 1:35',
      '10 %  100/1,000 entries  10.0/100 MB  10/s  1.0 MB/s  ETA 1:30',
      '',
    ]);
  });

  it('is a line every five seconds after a pause, too', async () => {
    const terminal = new FakeTerminal(false);
    const display = await createDisplay(terminal, true, 'entries');
    for (const second of [0, 12, 13, 16, 17, 21, 22]) display.update(at(second));
    const lines = terminal.text.trimEnd().split('\n');
    expect(lines.map((line) => line.split(' ')[0])).toEqual(['12', '17', '22']);
  });

  it('is silent when it is unwanted, but still passes lines on', async () => {
    const terminal = new FakeTerminal(true);
    const display = await createDisplay(terminal, false, 'entries');
    for (let second = 0; second <= 11; second++) display.update(at(second));
    display.line('a remark');
    display.stop();
    expect(terminal.text).toBe('a remark\n');
  });

  it('is a bar on a terminal that makes room for lines and is gone at the end', async () => {
    const terminal = new FakeTerminal(true);
    const display = await createDisplay(terminal, true, 'entries');
    for (let second = 0; second <= 50; second++) display.update(at(second));
    await terminal.drawn();
    display.line('a remark');
    display.stop();
    expect(terminal.text).toContain(
      '50 % [==========          ] 500/1,000 entries  50.0/100 MB  10/s  1.0 MB/s  ETA 0:50',
    );
    expect(terminal.text).toContain('\r\u001b[Ka remark\n');
    expect(terminal.text.endsWith('\u001b[2K')).toBe(true);
    // Neither jumps of the cursor nor modes that a kill would leave behind.
    for (const sequence of ['\u001b7', '\u001b8', '\u001b[?'])
      expect(terminal.text).not.toContain(sequence);
  });

  it('is no bar before its first state, and none after its end', async () => {
    const terminal = new FakeTerminal(true);
    const display = await createDisplay(terminal, true, 'entries');
    display.line('first');
    display.stop();
    expect(terminal.text).toBe('first\n');
    display.update(at(1));
    await terminal.drawn();
    display.stop();
    const { length } = terminal.text;
    display.stop();
    display.line('last');
    expect(terminal.text.slice(length)).toBe('last\n');
  });

  it('is drawn anew below a line that took its place, also where nothing has changed', async () => {
    const terminal = new FakeTerminal(true);
    const display = await createDisplay(terminal, true, 'entries');
    display.update(at(1));
    await terminal.drawn();
    display.line('a remark');
    const { length } = terminal.text;
    await terminal.drawn(length);
    display.stop();
  });

  it('is drawn now and then, not at every step', async () => {
    const terminal = new FakeTerminal(true);
    const display = await createDisplay(terminal, true, 'entries');
    for (let second = 0; second < 500; second++) display.update(at(second / 10));
    expect(terminal.text.split('%').length - 1).toBeLessThan(50);
    display.stop();
  });

  it('is never wider than the terminal, which may be made narrower', async () => {
    const terminal = new FakeTerminal(true);
    const display = await createDisplay(terminal, true, 'entries');
    for (let second = 0; second <= 50; second++) display.update(at(second));
    await terminal.drawn();
    terminal.columns = 60;
    const { length } = terminal.text;
    await terminal.drawn(length);
    display.stop();
    const pieces = terminal.text.slice(length).split('\u001b[');
    // Each but the first begins with the rest of an escape sequence.
    const bars = pieces.map((piece, n) => (n === 0 ? piece : piece.replace(/^[0-9]*[A-Z]/, '')));
    expect(Math.max(...bars.map((bar) => bar.length))).toBeLessThan(60);
    expect(bars).toContain('50 %  500/1,000 entries  50.0/100 MB  10/s  ETA 0:50');
  });

  it('is plain lines on a terminal that calls itself dumb', async () => {
    vi.stubEnv('TERM', 'dumb');
    const terminal = new FakeTerminal(true);
    const display = await createDisplay(terminal, true, 'entries');
    display.update(at(1));
    display.update(at(6));
    display.line('a line');
    display.clear();
    display.stop();
    expect(terminal.text).toMatch(/^6 % {2}60\/1,000 entries.*\na line\n$/);
    expect(terminal.text).not.toContain('\u001b');
  });

  it('leaves the signals to the command', async () => {
    const before = process.listenerCount('SIGINT');
    const display = await createDisplay(new FakeTerminal(true), true, 'entries');
    display.update(at(1));
    expect(process.listenerCount('SIGINT')).toBe(before);
    display.stop();
  });

  it('shows a bar in a real terminal and none in a pipe', (context) => {
    demandTerminal(context);
    const ingest = 'f=$(mktemp -d); mkdir $f/src; seq 300 | split -l1 - $f/src/; cd $f;';
    const inTerminal = script(
      `${ingest} script -qec "$INGOT ingest src --store s" /dev/null; rm -r $f`,
      { env: { TERM: 'xterm' } },
    );
    expect(inTerminal.stdout).toMatch(/% \[[= ]{20}\] \d+\/\d+\+? entries/);
    const inNarrow = script(
      `${ingest} script -qec "stty cols 40; $INGOT ingest src --store s" /dev/null; rm -r $f`,
      { env: { TERM: 'xterm' } },
    );
    expect(inNarrow.stdout).toContain('100 %  300/300 entries  ETA 0:00\u001b');
    const inPipe = script(`${ingest} $INGOT ingest src --store s; rm -r $f`);
    expect(inPipe).toMatchObject({ code: 0, stderr: '' });
    expect(inPipe.stdout).toMatch(/^300 entries/);
  });
});
