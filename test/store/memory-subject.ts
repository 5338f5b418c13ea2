/** The memory engine, to be checked. */

import type { Engine } from '../../dist/src/store/seam/engine.js';
import type { Fault, Place, Subject } from './contract/subject.ts';
import { MemoryEngine } from './memory-engine.ts';
import { MemoryStore, type Misbehaviour } from './memory-store.ts';

const FAULTS: Readonly<Record<Fault, Misbehaviour>> = {
  flush: { flush: 'fails at commit' },
  'last flush': { flush: 'fails at end' },
  full: { room: 1000 },
};

/** `usual`: how its engines misbehave all along. */
export function memorySubject(usual: Misbehaviour = {}): Subject {
  return {
    layout: undefined,
    offers: { relayout: false, openProbePlace: false, stageClone: false },
    traits: ['power cuts', 'faults in workers', 'closed places', 'nothing to choose'],
    newPlace: () => new MemoryPlace(usual),
  };
}

export class MemoryPlace implements Place {
  readonly store = new MemoryStore();
  readonly #usual: Misbehaviour;

  constructor(usual: Misbehaviour = {}) {
    this.#usual = usual;
  }

  engine(fault?: Fault): Engine {
    const misbehaviour = fault === undefined ? {} : FAULTS[fault];
    return new MemoryEngine(this.store, { ...this.#usual, ...misbehaviour });
  }

  plant(digest: string, bytes: Uint8Array): void {
    this.store.spaces.objects.set(digest, new Uint8Array(bytes));
  }

  plantUnreadable(digest: string): void {
    this.store.unreadable.add(digest);
  }

  plantUnlistable(path: string): void {
    this.store.unlistable.add(path);
  }

  plantDeadWriter(): void {
    this.store.dead++;
  }

  leftovers(): readonly string[] {
    const { live, dead } = this.store;
    return [...Array(live).fill('a live writer'), ...Array(dead).fill('a dead writer')];
  }

  powerCut(): void {
    this.store.powerCut();
  }
}
