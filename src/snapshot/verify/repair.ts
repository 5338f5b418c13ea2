/** Whole copies of objects and segments from another store, through the one publish path. */
import fs from 'node:fs';
import { type Digest, DigestStream, digestOf } from '../../digest.ts';
import { codeOf, hasErrno, isFailure, SHORTAGES, UsageError } from '../../errors.ts';
import { isSameIdentity } from '../../files/file-identity.ts';
import { toFsPath } from '../../names.ts';
import type { Engine } from '../../store/seam/engine.ts';
import type { OpenContent, ReadHalf } from '../../store/seam/read.ts';
import type { Group, MainHalf, StreamStage } from '../../store/seam/write.ts';
import type { SegmentSource } from '../storage.ts';
import { SegmentStore, StoredSegments } from '../store-segments.ts';
import type { NamedObject } from './named-objects.ts';

const CHUNK_BYTES = 256 << 10;

/** What was repaired. */
export interface RepairCounts {
  objects: number;
  segments: number;
}

export type OnRepaired = (digest: Digest, space: keyof RepairCounts) => void;

export class Repair implements SegmentSource {
  readonly counts: RepairCounts = { objects: 0, segments: 0 };
  readonly #engine: Engine;
  readonly #onRepaired: OnRepaired;
  readonly #segments: ReadHalf<Digest>;
  readonly #otherSegments: StoredSegments;
  readonly #otherObjects: ReadHalf<Digest>;
  /** Opened when there is something to repair. */
  #writer: Promise<MainHalf> | undefined;

  private constructor(
    engine: Engine,
    onRepaired: OnRepaired,
    ...[own, segments, objects]: readonly [ReadHalf<Digest>, ReadHalf<Digest>, ReadHalf<Digest>]
  ) {
    this.#engine = engine;
    this.#onRepaired = onRepaired;
    this.#segments = own;
    this.#otherSegments = new StoredSegments(segments);
    this.#otherObjects = objects;
  }

  /** `from` is only read. Throws a UsageError where it is the same store; else as `Engine.open`. */
  static async open(engine: Engine, from: Engine, onRepaired: OnRepaired): Promise<Repair> {
    const segments = await from.openReader('segments');
    const objects = await from.openReader('objects');
    if (!isSameStore(engine, from))
      return new Repair(engine, onRepaired, await engine.openReader('segments'), segments, objects);
    throw new UsageError({
      ...{ what: 'cannot repair a store from itself', code: 'INGOT_USAGE', path: from.address },
      why: 'it is the store that is verified',
      hint: 'name another store, which has copies',
    });
  }

  /**
   * A segment; where it is missing or damaged, and the other store has it whole, it is repaired.
   * Throws an IngotError.
   */
  async get(digest: Digest): Promise<Uint8Array> {
    const own = new StoredSegments(this.#segments).get(digest);
    const isWhole = await own.then((bytes) => digestOf(bytes) === digest, isDamage);
    const copy = isWhole ? undefined : await this.#otherSegments.get(digest).catch(nothing);
    if (copy === undefined || digestOf(copy) !== digest) return own;
    const store = new SegmentStore((await this.#write()).openGroup('segments'), this.#segments);
    await store.put(copy);
    await store.commit();
    this.#repaired(digest, 'segments');
    return copy;
  }

  /**
   * Stores objects of which the other store has whole copies; gives the others. Throws an IngotError
   * where this store cannot be written.
   */
  async objects(wanted: readonly NamedObject[]): Promise<readonly NamedObject[]> {
    const lacking: NamedObject[] = [];
    if (wanted.length === 0) return lacking;
    const group = (await this.#write()).openGroup('objects');
    try {
      for (const object of wanted) {
        if (!(await this.#copy(object, group))) lacking.push(object);
        if (group.full) await group.commit();
      }
      await group.commit();
    } finally {
      group.discard();
    }
    for (const object of wanted)
      if (!lacking.includes(object)) this.#repaired(object.digest, 'objects');
    return lacking;
  }

  #repaired(digest: Digest, space: keyof RepairCounts): void {
    this.counts[space]++;
    this.#onRepaired(digest, space);
  }

  /** Gives up the writer. */
  async close(): Promise<void> {
    const writer = await this.#writer?.catch(() => undefined);
    await writer?.end('done');
  }

  #write(): Promise<MainHalf> {
    this.#writer ??= this.#engine.openWriter({
      ...{ durability: 'group', barrier: 'auto', dryRun: false, groups: 0 },
      // A damaged object of the right size makes room only where hits are hashed.
      verifyHits: true,
    });
    return this.#writer;
  }

  /** Stages a copy; false when the other store has none that is whole. */
  async #copy({ digest, size }: NamedObject, group: Group): Promise<boolean> {
    const content = await this.#otherObjects.open(digest).catch(nothing);
    if (content === undefined) return false;
    try {
      if (content.size !== size) return false;
      // Another writer may have stored it meanwhile.
      if (group.lookup(digest, size) === 'present') return true;
      const stage = group.stageStream({ expected: size, aligned: false });
      let isWhole = false;
      try {
        isWhole = await copies(content, stage, digest, size);
      } finally {
        if (!isWhole) stage.drop();
      }
      if (isWhole) stage.keep(digest, size, undefined);
      return isWhole;
    } finally {
      await content.close();
    }
  }
}

/** False when the content is not that of the digest, or cannot be read to its end. */
async function copies(
  content: OpenContent,
  stage: StreamStage,
  digest: Digest,
  size: number,
): Promise<boolean> {
  const hash = new DigestStream();
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  for (let left = size; ; ) {
    const length = await content.read(buffer).catch(nothing);
    if (length === undefined) return false;
    if (length === 0) break;
    left -= length;
    if (left < 0) return false;
    const chunk = buffer.subarray(0, length);
    hash.update(chunk);
    await stage.write(chunk);
  }
  return hash.digest() === digest;
}

/** For what a store does not give, whatever the reason is. Throws for a shortage of the machine. */
function nothing(error: unknown): undefined {
  if (!isFailure(error) || hasErrno(error, ...SHORTAGES.keys())) throw error;
}

function isDamage(error: unknown): false {
  if (codeOf(error) !== 'INGOT_DAMAGED') throw error;
  return false;
}

/** By the folder, whatever paths lead to it. */
function isSameStore({ address, folder }: Engine, other: Engine): boolean {
  if (folder === undefined || other.folder === undefined) return address === other.address;
  const [own, its] = [folder, other.folder].map((path) =>
    fs.statSync(toFsPath(path), { bigint: true }),
  );
  return isSameIdentity(own!, its!);
}
