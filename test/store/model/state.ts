/**
 * A store with two contents, as small as it can be: what is there, what of it would outlive a power
 * cut, who holds the lock, and how far each process is. A state is a row of small numbers.
 */
export const [X, Y] = [1, 2] as const;

/** Snapshots that there may be, and what each names. */
export const REFS = ['old', 'one', 'two'] as const;
export type Ref = (typeof REFS)[number];
export const NAMES: Readonly<Record<Ref, number>> = { old: X | Y, one: X, two: X | Y };

export const [NONE, LIVE, FORGOTTEN] = [0, 1, 2] as const;
export const MOST_PROCESSES = 6;
/** Numbers that a process remembers. */
export const LOCALS = 4;

const AT_REFS = 14;
const SLOTS = AT_REFS + 4 * REFS.length + MOST_PROCESSES * (1 + LOCALS);
const AT_PROCESSES = AT_REFS + 4 * REFS.length;

const slot = (at: number) => ({
  get(this: State): number {
    return this.row[at]!;
  },
  set(this: State, value: number): void {
    this.row[at] = value;
  },
});

/** What is held in a slot of its own. */
const FIELDS = [
  'generation',
  'exclusive',
  'shared',
  'gcRun',
  'objects',
  'objectsOnDisk',
  'pins',
  'pinsOnDisk',
  'promised',
  'touched',
  'takenRefs',
  'killed',
  'broken',
  'damaged',
] as const;

/** A state of the store, and of all processes. */
export class State {
  declare generation: number;
  /** Who holds the lock alone, plus one. */
  declare exclusive: number;
  /** Bits of those who hold it together. */
  declare shared: number;
  /** Which gc runs, plus one. */
  declare gcRun: number;
  declare objects: number;
  declare objectsOnDisk: number;
  declare pins: number;
  declare pinsOnDisk: number;
  /** Contents that a put has reported. */
  declare promised: number;
  /** Contents that somebody has stored since the beginning. */
  declare touched: number;
  /** References that a gc has removed. */
  declare takenRefs: number;
  /** Somebody was killed. */
  declare killed: number;
  /** A promise was found broken. */
  declare broken: number;
  /** Objects of the right size and other bytes. */
  declare damaged: number;
  readonly row: Uint8Array;

  constructor(row: Uint8Array = new Uint8Array(SLOTS)) {
    this.row = row;
  }

  copy(): State {
    return new State(this.row.slice());
  }

  get key(): string {
    return Buffer.from(this.row.buffer).toString('latin1');
  }

  ref(ref: number): number {
    return this.row[AT_REFS + 4 * ref]!;
  }

  refOnDisk(ref: number): number {
    return this.row[AT_REFS + 4 * ref + 1]!;
  }

  /** What it names and had lost before: a damaged object that was moved aside. */
  excused(ref: number): number {
    return this.row[AT_REFS + 4 * ref + 2]!;
  }

  excuse(ref: number, contents: number): void {
    this.row[AT_REFS + 4 * ref + 2]! |= contents;
  }

  /** The publication, or a return, was reported. */
  isReported(ref: number): boolean {
    return this.row[AT_REFS + 4 * ref + 3] === 1;
  }

  report(ref: number, value: 0 | 1): void {
    this.row[AT_REFS + 4 * ref + 3] = value;
  }

  move(ref: number, to: number): void {
    this.row[AT_REFS + 4 * ref] = to;
  }

  flushRefs(): void {
    for (const ref of REFS.keys()) this.row[AT_REFS + 4 * ref + 1] = this.row[AT_REFS + 4 * ref]!;
  }

  /** Bits of the references in a place. */
  refsIn(place: number): number {
    let bits = 0;
    for (const ref of REFS.keys()) if (this.ref(ref) === place) bits |= 1 << ref;
    return bits;
  }

  at(process: number): number {
    return this.row[AT_PROCESSES + process * (1 + LOCALS)]!;
  }

  go(process: number, to: number): void {
    this.row[AT_PROCESSES + process * (1 + LOCALS)] = to;
  }

  local(process: number, at: number): number {
    return this.row[AT_PROCESSES + process * (1 + LOCALS) + 1 + at]!;
  }

  setLocal(process: number, at: number, value: number): void {
    this.row[AT_PROCESSES + process * (1 + LOCALS) + 1 + at] = value;
  }
}

for (const [at, field] of FIELDS.entries()) Object.defineProperty(State.prototype, field, slot(at));

/** What the references of some bits name. */
export function namedBy(refs: number): number {
  let contents = 0;
  for (const [at, ref] of REFS.entries()) if ((refs >> at) & 1) contents |= NAMES[ref];
  return contents;
}
