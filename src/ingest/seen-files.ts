import type { Digest } from '../digest.ts';
import type { FileStatus } from '../native/file-status.ts';
import { isRacy, LOCAL_RACE_MS } from '../record/racy.ts';
import type { Devices } from '../sources/devices.ts';
import type { LearntFile } from './entry-blocks.ts';

/** What was read of a file by another name. */
export type SeenFile = Pick<LearntFile, 'size' | 'digest'>;

/**
 * Files with several names that this run has read, shared by all workers: another name of one need not
 * be read. Only where an inode says which file it is, and this machine when it was changed.
 *
 * A hash table of fixed size in shared memory, without locks: a slot is taken once and written once. What
 * finds no slot near its place is not remembered: it is read once for each name.
 */
export class SeenFiles {
  readonly #devices: Devices;
  readonly #states: Int32Array;
  readonly #numbers: Float64Array;
  readonly #bytes: Buffer;

  /** `shared`: as `sharedTable` makes it. */
  constructor(devices: Devices, shared: SharedArrayBuffer) {
    this.#devices = devices;
    this.#states = new Int32Array(shared);
    this.#numbers = new Float64Array(shared);
    this.#bytes = Buffer.from(shared);
  }

  /** For all workers of a run. Memory is used only as far as it is written to. */
  static sharedTable(): SharedArrayBuffer {
    return new SharedArrayBuffer(SLOTS * SLOT_BYTES);
  }

  /** `directory`: the path of one on the same device. */
  add({ status, size, digest, lookedAt }: LearntFile, directory: string): void {
    if (status.links < 2 || size !== status.size) return;
    const { inodesStay, timesAreLocal } = this.#devices.relianceOn(status.device, directory);
    const look = { from: lookedAt, to: Date.now() };
    if (!inodesStay || !timesAreLocal || isRacy(status, look, LOCAL_RACE_MS)) return;
    for (const slot of slotsFor(status)) {
      if (Atomics.compareExchange(this.#states, slot * SLOT_WORDS, FREE, BUSY) !== FREE) continue;
      this.#numbers.set(numbersOf(status), slot * SLOT_NUMBERS + FIRST_NUMBER);
      this.#bytes.write(digest, slot * SLOT_BYTES + DIGEST_AT, DIGEST_BYTES, 'hex');
      Atomics.store(this.#states, slot * SLOT_WORDS, WRITTEN);
      return;
    }
  }

  /** What was read of the file that this is; undefined when it was not, or has changed since. */
  find(status: FileStatus): SeenFile | undefined {
    const numbers = numbersOf(status);
    for (const slot of slotsFor(status)) {
      const state = Atomics.load(this.#states, slot * SLOT_WORDS);
      if (state === FREE) return undefined;
      const from = slot * SLOT_NUMBERS + FIRST_NUMBER;
      if (state === BUSY || !numbers.every((number, at) => this.#numbers[from + at] === number))
        continue;
      const at = slot * SLOT_BYTES + DIGEST_AT;
      const digest = this.#bytes.toString('hex', at, at + DIGEST_BYTES) as Digest;
      return { size: status.size, digest };
    }
    return undefined;
  }
}

const FREE = 0;
const BUSY = 1;
const WRITTEN = 2;

const SLOTS = 1 << 17;
/** Slots that are looked at, one after the other. */
const NEAR = 32;
/** Of a slot: its state, the numbers of a file, its digest. */
const FIRST_NUMBER = 1;
const NUMBERS = 8;
const DIGEST_BYTES = 32;
const DIGEST_AT = 8 * (FIRST_NUMBER + NUMBERS);
const SLOT_BYTES = DIGEST_AT + DIGEST_BYTES;
const SLOT_NUMBERS = SLOT_BYTES / 8;
const SLOT_WORDS = SLOT_BYTES / 4;

/** Which file it is, exact for inodes above 2^53, too, and what would show a change. */
function numbersOf(status: FileStatus): number[] {
  const { device, inode, inodeLow, size } = status;
  const { modifiedSeconds, modifiedNanoseconds, changedSeconds, changedNanoseconds } = status;
  return [
    ...[device, inode, inodeLow, size],
    ...[modifiedSeconds, modifiedNanoseconds, changedSeconds, changedNanoseconds],
  ];
}

function* slotsFor({ device, inode, inodeLow }: FileStatus): Generator<number> {
  let hash = Math.imul(inodeLow ^ Math.imul(device | 0, 0x9e3779b1), 0x85ebca6b);
  hash ^= (inode / 2 ** 32) | 0;
  const first = Math.imul(hash ^ (hash >>> 15), 0xc2b2ae35) >>> 0;
  for (let near = 0; near < NEAR; near++) yield (first + near) % SLOTS;
}
