/** Records what real runs of the built program do to a directory, with strace(1). */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Layout } from '../../src/store/choices.ts';
import { MAIN } from '../harness/run.ts';
import { temporaryDirectory } from '../harness/tree.ts';
import { type Call, readCalls, TRACED } from './calls.ts';
import {
  contentsAside,
  generationIn,
  isMarked,
  objectsIn,
  type Promised,
  soundIn,
} from './checks.ts';
import { Content, folderAt, type Image, nodeAt, readImage } from './disk-image.ts';
import { History } from './history.ts';
import { snapshotsIn, wrongSegmentsIn } from './snapshots.ts';

const LATER = fileURLToPath(new URL('../fixtures/later.mjs', import.meta.url));
const DIES_BEFORE = fileURLToPath(new URL('../fixtures/dies-before.mjs', import.meta.url));

/** Where the store lies in the recorded directory: two folders on the way may have to be made. */
const STORE = ['new', 'folders', 'store'];
const MANIFEST = ['manifest'];
export const storeIn = (root: string): string => join(root, ...STORE);
export const manifestIn = (root: string): string => join(root, ...MANIFEST);

/** One run of the program on the store in a directory. */
export interface Command {
  /** What is run instead of the program. */
  readonly program?: string | undefined;
  readonly args: (root: string) => readonly string[];
  /** The digests that it promises to store when it reports success. */
  readonly digests: ReadonlySet<string>;
  /** What is durable when it reports success: unless given, what runs before it stored, too. */
  readonly flushes?: 'nothing' | 'its own' | undefined;
  /** It moves damaged objects to quarantine: none has its name when it reports success. */
  readonly quarantines?: true | undefined;
  /** What it may end with, besides 0. */
  readonly code?: number | undefined;
  /** It records a snapshot. */
  readonly snapshots?: true | undefined;
  /** What it may take away from its beginning on, and how many snapshots it lets go. */
  readonly letsGo?:
    | { readonly digests: ReadonlySet<string>; readonly snapshots: number }
    | undefined;
  /** The layout that it promises. */
  readonly layout?: Layout | undefined;
  /** What sweeps after it, where it leaves that to others. */
  readonly sweptBy?: Command | undefined;
  /** It is killed before this call: see the fixture. It must report success otherwise. */
  readonly diesBefore?: string | undefined;
}

export interface Recording {
  readonly root: string;
  readonly before: Image;
  readonly commands: readonly Command[];
  /** Of each command. */
  readonly calls: readonly (readonly Call[])[];
}

/** Lets `prepare` fill a directory, which is taken to be durable, and records the commands on it. */
export function record(
  commands: readonly Command[],
  prepare: (root: string) => void = () => {},
  root = memoryDirectory(),
): Recording {
  prepare(root);
  const before = readImage(root);
  return { root, before, commands, calls: commands.map((command) => trace(command, root)) };
}

/** In memory where it can be: there a barrier costs nothing, and every kind of one is accepted. */
export function memoryDirectory(): string {
  return temporaryDirectory(fs.existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir());
}

function trace({ program = MAIN, args, diesBefore, code }: Command, root: string): Call[] {
  const log = join(temporaryDirectory(), 'strace');
  const { error, status, signal, stderr } = spawnSync(
    'strace',
    [
      // Strings in full: the bytes of a write are part of what is recorded.
      ...['-f', '-qq', '-y', '-s', String(64 << 20), '-o', log],
      ...['-e', `trace=${TRACED}`, '-e', 'signal=none', process.execPath],
      // What sources have is older, so that it is recorded.
      ...['--import', LATER],
      ...(diesBefore === undefined ? [] : ['--import', DIES_BEFORE]),
      ...[program, ...args(root)],
    ],
    {
      encoding: 'utf8',
      // Calls made through io_uring are not seen by strace.
      env: { ...process.env, UV_USE_IO_URING: '0', DIES_BEFORE: diesBefore },
    },
  );
  if (error !== undefined) throw error;
  if (diesBefore === undefined ? status !== 0 && status !== code : signal !== 'SIGKILL')
    throw new Error(`the recorded run ended with ${status ?? signal}: ${stderr}`);
  const calls = readCalls(fs.readFileSync(log, 'latin1'), root);
  // What a run prints that fails is no word of success.
  return status === 1 ? calls.filter(({ name }) => name !== 'acknowledge') : calls;
}

/** A recorded history, and what was promised at each point of it. */
export class Trial {
  readonly history: History;
  readonly #recording: Recording;
  readonly #sound: readonly string[];
  readonly #planted = new Set<string>();
  readonly #aside: readonly string[];
  /** Digests of what was lost before, as a mark says. */
  readonly #lost = new Set<string>();
  readonly #before: Promised['before'];
  readonly #snapshots: number;
  readonly #damagedSegments: ReadonlySet<string>;

  /** `alter` changes each command's calls: a program that would do other things. */
  constructor(recording: Recording, alter: (calls: readonly Call[]) => readonly Call[] = (c) => c) {
    const { root, before, calls } = recording;
    this.#recording = recording;
    this.history = new History(root, before, calls.map(alter));
    const store = folderAt(before, STORE);
    this.#sound = soundIn(store);
    this.#aside = contentsAside(store);
    this.#snapshots = snapshotsIn(store).length;
    this.#damagedSegments = new Set(wrongSegmentsIn(store));
    this.#before = {
      names: objectsIn(store).map(([name]) => name),
      generation: generationIn(store),
    };
    for (const [name, node] of objectsIn(store))
      if (node instanceof Content && node.digest !== name) {
        if (isMarked(store)) this.#lost.add(name);
        else this.#planted.add(node.digest);
      }
  }

  promisedAt(point: number): Promised {
    const { commands, before } = this.#recording;
    const isDone = (n: number) => this.history.acknowledged[n]! <= point;
    // The last that has made durable what others had not flushed.
    const settled = commands.findLastIndex(({ flushes }, n) => flushes === undefined && isDone(n));
    const durable = commands.filter(
      ({ flushes }, n) => isDone(n) && (flushes !== 'nothing' || n < settled),
    );
    const isMoved = commands.some(({ quarantines }, n) => quarantines && isDone(n));
    const doubtful = commands.filter(({ flushes }, n) => flushes === 'nothing' && n > settled);
    return {
      store: STORE,
      opens: durable.length > 0 || nodeAt(before, STORE) !== undefined,
      digests: this.#keptOf(durable),
      snapshots: this.#snapshotsOf(durable),
      damagedSegments: this.#damagedSegments,
      layout: durable.at(-1)?.layout,
      manifest: MANIFEST,
      planted: isMoved ? new Set() : this.#planted,
      // An ingest that comes first may replace what is damaged.
      before: this.#before,
      kept: new Set([...this.#aside, ...(commands[0]!.quarantines ? this.#planted : [])]),
      unflushed: new Set([...(settled < 0 ? this.#lost : []), ...digestsOf(doubtful)]),
    };
  }

  /** What lies there when these commands are done, whatever the others are about. */
  #keptOf(durable: readonly Command[]): Set<string> {
    const digests = new Set(this.#sound);
    for (const command of this.#recording.commands) {
      for (const digest of command.letsGo?.digests ?? []) digests.delete(digest);
      if (durable.includes(command)) for (const digest of command.digests) digests.add(digest);
    }
    return digests;
  }

  #snapshotsOf(durable: readonly Command[]): number {
    const gone = this.#recording.commands.map(({ letsGo }) => letsGo?.snapshots ?? 0);
    const made = durable.filter(({ snapshots }) => snapshots).length;
    return this.#snapshots + made - gone.reduce((sum, each) => sum + each, 0);
  }

  /** What the last command promises when it runs again in a state of this point and succeeds. */
  promisedAfterRerun(point: number, image: Image): Promised {
    const last = this.#recording.commands.at(-1)!;
    const { digests, layout, flushes, quarantines, letsGo } = last;
    const promised = this.promisedAt(point);
    const store = folderAt(image, STORE);
    return {
      ...promised,
      opens: true,
      digests: new Set(
        [...promised.digests, ...soundIn(store), ...digests].filter(
          (digest) => !letsGo?.digests.has(digest),
        ),
      ),
      snapshots: snapshotsIn(store).length + (last.snapshots ? 1 : 0) - (letsGo?.snapshots ?? 0),
      damagedSegments: last.snapshots ? new Set() : this.#damagedSegments,
      layout,
      planted: new Set(),
      kept: quarantines ? promised.kept : new Set(contentsAside(store)),
      unflushed: flushes === undefined ? new Set() : promised.unflushed,
    };
  }
}

function digestsOf(commands: readonly Command[]): string[] {
  return commands.flatMap(({ digests }) => [...digests]);
}
