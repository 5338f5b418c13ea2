import { describe, expect, it } from 'vitest';
import type { Reactions, StopSignal } from '../../src/cli/early-signals.ts';
import { Interrupts } from '../../src/cli/signals.ts';

interface Watched {
  readonly reactions: Reactions;
  readonly interrupts: Interrupts;
  readonly said: string[];
  /** The signals that the process would have died of. */
  readonly died: StopSignal[];
  readonly early: string[];
  pass(ms: number): void;
}

function watch(): Watched {
  const [said, died, early]: [string[], StopSignal[], string[]] = [[], [], []];
  const reactions: Reactions = {
    stop: (name) => early.push(name),
    ask: () => early.push('asked'),
  };
  let nowMs = 5000;
  const interrupts = new Interrupts(
    { say: (text) => said.push(text), showState: () => said.push('half done') },
    reactions,
    { die: (name) => died.push(name), now: () => nowMs },
  );
  const pass = (ms: number) => {
    nowMs += ms;
  };
  return { reactions, interrupts, said, died, early, pass };
}

describe('signals', () => {
  it('ask the command to stop, once, and say so', () => {
    const { reactions, interrupts, said, died, early } = watch();
    expect(interrupts.signal.aborted).toBe(false);
    reactions.stop('SIGTERM');
    expect(interrupts.signal.aborted).toBe(true);
    expect(interrupts.received).toBe('SIGTERM');
    expect(said).toEqual([expect.stringMatching(/^SIGTERM: stopping/)]);
    expect([...died, ...early]).toEqual([]);
  });

  it('that come again within a second are the same wish, whichever they are', () => {
    const { reactions, died, said, pass } = watch();
    reactions.stop('SIGTERM');
    reactions.stop('SIGTERM');
    pass(999);
    reactions.stop('SIGHUP');
    expect(died).toEqual([]);
    expect(said).toHaveLength(1);
  });

  it('end the process when one comes later, whichever it is', () => {
    const { reactions, died, pass } = watch();
    reactions.stop('SIGTERM');
    pass(600);
    reactions.stop('SIGTERM');
    pass(400);
    reactions.stop('SIGINT');
    expect(died).toEqual(['SIGINT']);
  });

  it('do what they did before when the command is done', () => {
    const { reactions, interrupts, early } = watch();
    interrupts.dispose();
    reactions.stop('SIGINT');
    expect(early).toEqual(['SIGINT']);
    expect(interrupts.signal.aborted).toBe(false);
  });

  it('that come again do not cut off the last words of a command that was stopped', () => {
    const { reactions, interrupts, died, early, pass } = watch();
    reactions.stop('SIGTERM');
    interrupts.dispose();
    reactions.stop('SIGTERM');
    expect([...died, ...early]).toEqual([]);
    pass(1000);
    reactions.stop('SIGTERM');
    expect(died).toEqual(['SIGTERM']);
  });

  it('that ask are answered, also by a command that is done', () => {
    const { reactions, interrupts, said } = watch();
    reactions.ask();
    interrupts.dispose();
    reactions.ask();
    expect(said).toEqual(['half done', 'half done']);
  });
});
