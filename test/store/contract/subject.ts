/** What a contract is checked on, and with. */
import { createHash } from 'node:crypto';
import type { Digest } from '../../../dist/src/digest.js';
import { failureOf, IngotError } from '../../../dist/src/errors.js';
import type { Layout } from '../../../dist/src/store/choices.js';
import type { Engine, EngineModule } from '../../../dist/src/store/seam/engine.js';
import type { ReadHalf } from '../../../dist/src/store/seam/read.js';
import type {
  CallMain,
  Group,
  MainHalf,
  Space,
  WorkerThread,
  WriteOptions,
} from '../../../dist/src/store/seam/write.js';

/** An engine under test. */
export interface Subject {
  /** Undefined where it has only one. */
  readonly layout: Layout | undefined;
  /** Which of the optional parts it has. */
  readonly offers: { readonly [Part in 'relayout' | 'openProbePlace' | 'stageClone']: boolean };
  readonly traits: readonly Trait[];
  /** A place whose store does not exist yet. */
  newPlace(): Place;
}

/**
 * What only some engines have or can be shown to have. A directory has trials of its own for the
 * others: of power cuts, of faults under strace, and of other users.
 */
export type Trait = 'power cuts' | 'faults in workers' | 'closed places' | 'nothing to choose';

/** What fails in an engine, at least once: a flush of contents, the one at the end, or for want of room. */
export type Fault = 'flush' | 'last flush' | 'full';

/** Where one store is, or will be. */
export interface Place {
  /** Another engine of this store each time. */
  engine(fault?: Fault): Engine;
  /** Puts bytes under the name of an object, past the engine. */
  plant(digest: Digest, bytes: Uint8Array): void;
  /** Gives an object's name to what no content can be read from. */
  plantUnreadable(digest: Digest): void;
  /** Makes a place of objects that may not be listed. Of those with 'closed places'. */
  plantUnlistable?(path: string): void;
  /** Leaves what a writer leaves that was killed. */
  plantDeadWriter(): void;
  /** What writers have in the store beside contents. */
  leftovers(): readonly string[];
  /** Takes away what is not durable. Of those with 'power cuts'. */
  powerCut?(): void;
}

/** A sentence of the interface, and how it is checked. */
export interface Clause {
  readonly says: string;
  /** Throws when the engine breaks it. */
  readonly check: (place: Place, subject: Subject) => Promise<void>;
  /** It is checked on engines with this trait alone. */
  readonly only?: Trait | undefined;
}

export const OPTIONS: WriteOptions = {
  durability: 'group',
  barrier: 'auto',
  verifyHits: false,
  dryRun: false,
  groups: 2,
};

export interface Content {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export const sha256 = (bytes: Uint8Array): Digest =>
  createHash('sha256').update(bytes).digest('hex') as Digest;

/** A content and its name in a space. */
export function contentOf(space: Space, text: string): Content & { readonly name: Digest } {
  const bytes = Buffer.from(text);
  const digest = sha256(bytes);
  return { bytes, name: (space === 'references' ? `at-${digest.slice(0, 16)}` : digest) as Digest };
}

export const contentsOf = (space: Space, count: number, prefix = 'content') =>
  Array.from({ length: count }, (_, n) => contentOf(space, `${prefix} ${n}`));

/** Where groups are opened. */
export interface Side {
  readonly name: string;
  readonly space: Space;
  readonly isWorker: boolean;
  /** Opens groups of a writer. */
  open(main: MainHalf): Promise<() => Group<string>>;
}

const mainSide = (space: Space): Side => ({
  name: `${space} of the main thread`,
  space,
  isWorker: false,
  open: async (main) => () => main.openGroup(space),
});

const workerSide: Side = {
  name: 'objects of a worker',
  space: 'objects',
  isWorker: true,
  open: async (main) => {
    const half = await openWorker(main, { number: 1, mayBeTerminated: false });
    return () => half.openGroup(callMainOf(main));
  },
};

export const OBJECT_SIDES: readonly Side[] = [mainSide('objects'), workerSide];
export const NAMED_SIDES: readonly Side[] = [mainSide('segments'), mainSide('references')];
export const SIDES: readonly Side[] = [...OBJECT_SIDES, ...NAMED_SIDES];
export const MAIN_SIDES: readonly Side[] = SIDES.filter(({ isWorker }) => !isWorker);
export const SPACES: readonly Space[] = ['objects', 'segments', 'references'];

/** As a worker thread does it: what crosses over to it is copied. */
export async function openWorker({ worker }: MainHalf, thread: WorkerThread) {
  const { module, init } = structuredClone(worker);
  const { openWorkerHalf } = (await import(module)) as EngineModule;
  return openWorkerHalf(init, thread);
}

/** As the pipeline carries messages. */
export function callMainOf(main: Pick<MainHalf, 'answer'>): CallMain {
  return async (message) => {
    try {
      return structuredClone(await main.answer(structuredClone(message)));
    } catch (error) {
      throw new IngotError(structuredClone(failureOf('the store failed', error)));
    }
  };
}

/** Lets `work` have a writer, and ends that. */
export async function withWriter<T>(
  engine: Engine,
  work: (main: MainHalf) => Promise<T>,
  options: Partial<WriteOptions> = {},
): Promise<T> {
  const main = await engine.openWriter({ ...OPTIONS, ...options });
  try {
    return await work(main);
  } finally {
    await main.end('failed');
  }
}

/** The same with groups of a side. */
export function withGroups<T>(
  engine: Engine,
  side: Side,
  work: (open: () => Group<string>) => Promise<T>,
  options: Partial<WriteOptions> = {},
): Promise<T> {
  return withWriter(engine, async (main) => work(await side.open(main)), options);
}

/** Stores contents by a writer of their own, durably. */
export async function store(place: Place, space: Space, contents: readonly Content[]) {
  await withWriter(place.engine(), (main) => commit(main.openGroup(space), contents));
}

export async function commit(group: Group<string>, contents: readonly Content[]): Promise<void> {
  for (const { name, bytes } of contents) group.stage(name, bytes);
  await group.commit();
}

export async function read(
  reader: ReadHalf<string>,
  name: string,
  range?: { readonly from: number; readonly to: number },
  atOnce = 1000,
): Promise<string> {
  const content = await reader.open(name, range);
  const pieces: Buffer[] = [];
  try {
    for (;;) {
      const into = Buffer.alloc(atOnce);
      const length = await content.read(into);
      if (length === 0) return Buffer.concat(pieces).toString();
      pieces.push(into.subarray(0, length));
    }
  } finally {
    await content.close();
  }
}

export async function namesIn(reader: Pick<ReadHalf<string>, 'list'>): Promise<string[]> {
  const names: string[] = [];
  for await (const page of reader.list()) names.push(...page);
  return names.sort();
}

export async function objectsIn(place: Place): Promise<string[]> {
  return namesIn(await place.engine().openReader('objects'));
}

/** What a promise is rejected with; undefined when it is not. */
export function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error ?? new Error('rejected with nothing'),
  );
}
