/** What a memory engine keeps: contents of three spaces, and what a power cut would take of them. */
import { randomBytes } from 'node:crypto';
import { digestOf } from '../../dist/src/digest.js';
import type { End, Space } from '../../dist/src/store/seam/write.js';

/** How its engines fail, as plain data. */
export interface Misbehaviour {
  /** What look-ups answer. `stale`: `absent`, whatever was stored since or before. */
  readonly lookups?: 'true' | 'unknown' | 'stale';
  /** Which flushes fail. */
  readonly flush?: 'fails at commit' | 'fails at end';
  /** Bytes that find room, all spaces together. */
  readonly room?: number;
  /** Milliseconds that a reply takes. */
  readonly slowMs?: number;
  /** The reply to this commit, counted from 1 on, is lost after it. */
  readonly losesReply?: number;
  /** A worker thread ends once it has done this with the content of a name. */
  readonly dies?: { readonly once: 'staged' | 'committed'; readonly of: string };
  /** Contents that a group takes before it is full. */
  readonly groupOf?: number;
  /** What opens its groups in place of its own module, and what that is told. */
  readonly groups?: { readonly module: string; readonly defect: string };
}

export const ADDRESS = 'memory';

export class MemoryStore {
  exists = false;
  readonly spaces: Readonly<Record<Space, Map<string, Uint8Array>>> = {
    objects: new Map(),
    segments: new Map(),
    references: new Map(),
  };
  readonly quarantined = new Map<string, Uint8Array>();
  /** Sizes and samples of large contents. */
  readonly samples = new Set<string>();
  /** Names that have nothing to read, and are listed nowhere. */
  readonly unreadable = new Set<string>();
  /** Places of objects that may not be listed. */
  readonly unlistable = new Set<string>();
  /** Writers that are open; dead ones are removed by the next. */
  live = 0;
  dead = 0;
  commits = 0;
  /** Once a writer has asked for snapshots. */
  generation: string | undefined;
  /** That last. */
  holds = 0;
  /** Flushes begun, and how many of them after the first that failed. */
  flushes = 0;
  flushesAfterFailure = 0;
  /** Flushes that writers were asked for, and how they have ended, in order. */
  readonly ends: ('flush' | End)[] = [];
  readonly #unflushed = new Set<string>();
  #flushFailed = false;

  has(space: Space, name: string): boolean {
    return this.spaces[space].has(name);
  }

  put(space: Space, name: string, bytes: Uint8Array): void {
    this.spaces[space].set(name, bytes);
    this.#unflushed.add(`${space} ${name}`);
  }

  /** Removes what is there, durably. */
  remove(space: Space, name: string): boolean {
    this.#unflushed.delete(`${space} ${name}`);
    return this.spaces[space].delete(name);
  }

  /** Before names go. */
  changeGeneration(): void {
    if (this.generation !== undefined) this.generation = randomBytes(16).toString('hex');
  }

  /** Makes names durable; all of them by default. False when that fails. */
  flush(fails: boolean, names?: readonly string[]): boolean {
    this.flushes++;
    if (this.#flushFailed) this.flushesAfterFailure++;
    this.#flushFailed ||= fails;
    if (fails) return false;
    for (const name of names ?? [...this.#unflushed]) this.#unflushed.delete(name);
    return true;
  }

  /** Names that no flush has reached are gone. */
  powerCut(): void {
    for (const entry of this.#unflushed) {
      const [space, name] = entry.split(' ') as [Space, string];
      this.spaces[space].delete(name);
    }
    this.#unflushed.clear();
    this.dead += this.live;
    this.live = 0;
  }

  get bytes(): number {
    return Object.values(this.spaces)
      .flatMap((space) => [...space.values()])
      .reduce((sum, { length }) => sum + length, 0);
  }

  /** What look-ups know of an object. */
  find(space: Space, name: string): Known | undefined {
    const bytes = this.spaces[space].get(name);
    if (bytes === undefined) return undefined;
    return { size: bytes.length, isSound: space !== 'objects' || digestOf(bytes) === name };
  }
}

export interface Known {
  readonly size: number;
  readonly isSound: boolean;
}
