import { EventEmitter } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { Interrupts, type SignalSource, type StopSignal } from '../../src/cli/signals.ts';

class FakeProcess extends EventEmitter implements SignalSource {
  readonly pid = 4711;
  readonly killed: [number, StopSignal, number][] = [];

  kill(pid: number, name: StopSignal): void {
    this.killed.push([pid, name, this.listenerCount(name)]);
  }
}

let interrupts: Interrupts;
afterEach(() => interrupts.dispose());

function watch(): { source: FakeProcess; said: string[] } {
  const source = new FakeProcess();
  const said: string[] = [];
  interrupts = new Interrupts((text) => said.push(text), source);
  return { source, said };
}

describe('signals', () => {
  it('ask the command to stop, once, and say so', () => {
    const { source, said } = watch();
    expect(interrupts.signal.aborted).toBe(false);
    source.emit('SIGTERM', 'SIGTERM');
    expect(interrupts.signal.aborted).toBe(true);
    expect(interrupts.received).toBe('SIGTERM');
    expect(said).toEqual([expect.stringMatching(/^SIGTERM: stopping/)]);
    expect(source.killed).toEqual([]);
  });

  it('end the process at the second one, whichever it is, with nothing left in its way', () => {
    const { source } = watch();
    source.emit('SIGTERM', 'SIGTERM');
    source.emit('SIGINT', 'SIGINT');
    expect(source.killed).toEqual([[4711, 'SIGINT', 0]]);
  });

  it('have their usual effect again when the command is done', () => {
    const { source } = watch();
    interrupts.dispose();
    expect(source.listenerCount('SIGINT') + source.listenerCount('SIGTERM')).toBe(0);
  });
});
