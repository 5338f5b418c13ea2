/** The states in which a power cut may leave a directory, at each point of its history. */
import { createHash } from 'node:crypto';
import { Content, type Image } from './disk-image.ts';
import type { History, NameChange, Write } from './history.ts';
import { type Inode, ROOT } from './replay.ts';

/** What a power cut makes of bytes that were not flushed: a part of them, zeros, or nothing. */
export type Fate = 'kept' | 'lost' | 'short' | 'zero';
const LOSSES = ['lost', 'short', 'zero'] as const;

/** One way for all that is not durable to end. */
export interface Cut {
  /** For people. */
  readonly what: string;
  keeps(change: NameChange): boolean;
  fateOf(write: Write): Fate;
}

export interface State {
  readonly point: number;
  readonly cut: Cut;
}

interface Undecided {
  readonly changes: readonly NameChange[];
  readonly writes: readonly Write[];
}

/** What had begun at a point, but was not durable. */
export function undecidedAt(history: History, point: number): Undecided {
  const isUndecided = ({ begun, durableFrom }: NameChange | Write) =>
    begun <= point && durableFrom > point;
  return {
    changes: history.changes.filter(isUndecided),
    writes: history.writes.filter(isUndecided),
  };
}

/**
 * The ways that are tried at every point: nothing and everything on disk; all names there but all
 * bytes lost, short or zeros; each step alone missing, each alone there.
 */
export function cutsAt({ changes, writes }: Undecided): Cut[] {
  const none: Cut = { what: 'nothing kept', keeps: () => false, fateOf: () => 'lost' };
  const all: Cut = { what: 'all kept', keeps: () => true, fateOf: () => 'kept' };
  return [
    none,
    all,
    ...(writes.length === 0 ? [] : LOSSES).map(
      (fate): Cut => ({ ...all, what: `all bytes ${fate}`, fateOf: () => fate }),
    ),
    ...changes.flatMap((one): Cut[] => [
      { ...all, what: `all kept but ${one.what}`, keeps: (change) => change !== one },
      { ...none, what: `only ${one.what}`, keeps: (change) => change === one },
    ]),
    ...writes.flatMap((one) =>
      LOSSES.map(
        (fate): Cut => ({
          ...all,
          what: `all kept but ${one.what}: ${fate}`,
          fateOf: (write) => (write === one ? fate : 'kept'),
        }),
      ),
    ),
  ];
}

/** A way in which each step fares by chance; how likely it is kept is chance, too. */
export function randomCut({ changes, writes }: Undecided, random: () => number): Cut {
  const likely = random();
  const lucky = () => random() < likely;
  const kept = new Set(changes.filter(lucky));
  const fates = new Map<Write, Fate>(
    writes.map((write) => [write, lucky() ? 'kept' : LOSSES[Math.floor(random() * 3)]!]),
  );
  return {
    what: `by chance, kept: ${[...kept].map(({ what }) => what).join(', ')}`,
    keeps: (change) => kept.has(change),
    fateOf: (write) => fates.get(write) ?? 'kept',
  };
}

/** Every state of `cutsAt` at these points, all unless given. */
export function* everyState(history: History, points = history.points): Generator<State> {
  for (const point of points)
    for (const cut of cutsAt(undecidedAt(history, point))) yield { point, cut };
}

/** Without end: systematic states at points drawn by lot, each third one by chance altogether. */
export function* sampledStates(history: History, random: () => number): Generator<State> {
  const oneOf = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)]!;
  for (let n = 0; ; n++) {
    const point = oneOf(history.points);
    const undecided = undecidedAt(history, point);
    yield { point, cut: n % 3 === 2 ? randomCut(undecided, random) : oneOf(cutsAt(undecided)) };
  }
}

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Builds the states of one history. Equal contents are one, so that each is hashed once. */
export class Disk {
  readonly #history: History;
  readonly #contents = new Map<string, Content>();

  constructor(history: History) {
    this.#history = history;
  }

  /** What the directory holds in a state, and a key that equal states share. */
  after(state: State): { image: Image; key: string } {
    const folders = this.#foldersAfter(state);
    const writes = this.#writesBy(state.point);
    const key = createHash('sha1');
    const build = (inode: Inode): Image | Content => {
      const names = folders.get(inode);
      if (names === undefined) {
        const content = this.#contentAfter(inode, writes.get(inode) ?? [], state);
        key.update(content.digest);
        return content;
      }
      const image = new Map<string, Image | Content>();
      for (const name of [...names.keys()].sort()) {
        key.update(`/${name}=`);
        image.set(name, build(names.get(name)!));
      }
      key.update('.');
      return image;
    };
    return { image: build(ROOT) as Image, key: key.digest('hex') };
  }

  #foldersAfter({ point, cut }: State): Map<Inode, Map<string, Inode>> {
    const folders = new Map<Inode, Map<string, Inode>>();
    for (const [inode, names] of this.#history.folders) folders.set(inode, new Map(names));
    for (const change of this.#history.changes) {
      if (change.begun > point) continue;
      const isKept = change.durableFrom <= point || cut.keeps(change);
      for (const { folder, name, inode, durableFrom } of change.names) {
        if (!isKept && durableFrom > point) continue;
        if (inode === undefined) folders.get(folder)!.delete(name);
        else folders.get(folder)!.set(name, inode);
      }
    }
    return folders;
  }

  #writesBy(point: number): Map<Inode, Write[]> {
    const writes = new Map<Inode, Write[]>();
    for (const write of this.#history.writes) {
      if (write.begun > point) continue;
      const others = writes.get(write.inode);
      if (others === undefined) writes.set(write.inode, [write]);
      else others.push(write);
    }
    return writes;
  }

  #contentAfter(inode: Inode, writes: readonly Write[], { point, cut }: State): Content {
    const fates = writes.map(
      (write): Fate => (write.durableFrom <= point ? 'kept' : cut.fateOf(write)),
    );
    const key = `${inode} ${fates.join(' ')}`;
    let content = this.#contents.get(key);
    if (content === undefined) {
      const before = this.#history.files.get(inode);
      content =
        before !== undefined && writes.length === 0
          ? before
          : new Content(() => assemble(before?.bytes ?? Buffer.alloc(0), writes, fates));
      this.#contents.set(key, content);
    }
    return content;
  }
}

function assemble(before: Buffer, writes: readonly Write[], fates: readonly Fate[]): Buffer {
  const pieces = writes.map(({ at, bytes }, n) => ({ at, bytes: leftOf(bytes, fates[n]!) }));
  const ends = pieces.map(({ at, bytes }) => (bytes.length === 0 ? 0 : at + bytes.length));
  const content = Buffer.concat([before], Math.max(before.length, ...ends));
  for (const { at, bytes } of pieces) bytes.copy(content, at);
  return content;
}

function leftOf(bytes: Buffer, fate: Fate): Buffer {
  if (fate === 'kept') return bytes;
  if (fate === 'zero') return Buffer.alloc(bytes.length);
  return bytes.subarray(0, fate === 'short' ? bytes.length >> 1 : 0);
}
