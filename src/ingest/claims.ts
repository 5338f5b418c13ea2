import type { Digest } from '../digest.ts';
import { asError, IngotError } from '../errors.ts';

/**
 * The contents that this run has taken on, shared by all workers. The first task to claim a digest
 * stages it; every later one has met a duplicate. So `new` and `duplicate` are exact and the same
 * in every run, and nothing is staged twice.
 *
 * A hash table in shared memory, without locks. It grows by segments, each a quarter of all
 * before it; a digest has one bucket in every segment. A claim takes the first free slot along
 * its buckets and slots never become free again, so two threads that look for the same digest
 * meet in the same slot, however far the table has grown in between.
 */
export class Claims {
  readonly shared: SharedArrayBuffer;
  /**
   * A view of each segment met so far. Of fixed length, because views that follow a growing
   * buffer ask for its length at every access.
   */
  readonly #segments: Int32Array[] = [];

  /** Makes an empty table, or joins the one that another thread made. */
  constructor(shared?: SharedArrayBuffer) {
    this.shared = shared ?? reserve(MAX_BYTES);
  }

  /**
   * Claims a digest for a task (a positive number). Gives 0 when it is now this task's to stage,
   * else the number of the task that claimed it before. Throws when the table cannot grow.
   */
  claim(digest: Digest, task: number): number {
    return this.#find(digest, task);
  }

  /** The task that claimed a digest; 0 when nobody has. */
  owner(digest: Digest): number {
    return this.#find(digest, NOBODY);
  }

  /** How many digests were claimed, in all threads. */
  count(): number {
    let count = 0;
    for (let segment = 0; segmentEnd(segment) <= this.shared.byteLength; segment++) {
      const words = this.#segmentFor(segment, NOBODY)!;
      for (let bucket = 0; bucket < words.length; bucket += BUCKET_WORDS)
        for (let slot = 0; slot < BUCKET_SLOTS; slot++)
          if (words[bucket + BUCKET_SLOTS + slot * REST_WORDS] !== FREE) count++;
    }
    return count;
  }

  #find(digest: Digest, task: number): number {
    const k0 = wordAt(digest, 0);
    const k1 = wordAt(digest, 8);
    const k2 = wordAt(digest, 16);
    const k3 = wordAt(digest, 24);
    // Counted up here, not at the end: V8 may optimize this before it has ever gone on to a second
    // segment.
    for (let next = 0; ; ) {
      const segment = next++;
      const isKnown = segment < this.#segments.length;
      const words = isKnown ? this.#segments[segment]! : this.#segmentFor(segment, task);
      if (words === undefined) return NOBODY;
      const number = ((segment % 2 === 0 ? k0 : k1) >>> 0) % bucketsOf(words);
      // An integer to V8: with a plain product the search takes four times as long.
      const bucket = Math.imul(number, BUCKET_WORDS);
      for (let slot = 0; slot < BUCKET_SLOTS; slot++) {
        // Written once: a key word that is there and differs needs no second look.
        const key = words[bucket + slot]!;
        if (key !== 0 && key !== k0) continue;
        const at = bucket + BUCKET_SLOTS + slot * REST_WORDS;
        let owner = Atomics.load(words, at);
        if (owner === FREE) {
          if (task === NOBODY) return NOBODY;
          owner = Atomics.compareExchange(words, at, FREE, BUSY);
          if (owner === FREE) {
            words[bucket + slot] = k0;
            words[at + 1] = k1;
            words[at + 2] = k2;
            words[at + 3] = k3;
            Atomics.store(words, at, task);
            return 0;
          }
        }
        if (owner === BUSY) owner = ownerOnceWritten(words, at);
        const same = words[bucket + slot] === k0 && words[at + 1] === k1 && words[at + 2] === k2;
        if (same && words[at + 3] === k3) return owner;
      }
    }
  }

  /** A segment's view; undefined when there is no such segment yet and nothing is to be claimed. */
  #segmentFor(segment: number, task: number): Int32Array | undefined {
    if (segment < this.#segments.length) return this.#segments[segment];
    if (this.shared.byteLength < segmentEnd(segment)) {
      if (task === NOBODY) return undefined;
      this.#grow(segment);
    }
    const start = segmentStart(segment);
    const view = new Int32Array(this.shared, start, (segmentEnd(segment) - start) / 4);
    this.#segments.push(view);
    return view;
  }

  #grow(segment: number): void {
    const bytes = segmentEnd(segment);
    try {
      this.shared.grow(bytes);
    } catch (cause) {
      // Another thread may have grown it further in the meantime.
      if (this.shared.byteLength >= bytes) return;
      const slots = (segmentStart(segment) / 4 / BUCKET_WORDS) * BUCKET_SLOTS;
      throw new IngotError(
        {
          what: 'cannot claim a content',
          code: 'INGOT_CLAIMS_FULL',
          why: `no memory for more than ${slots} contents in one run`,
          hint: 'ingest the source in several runs',
        },
        cause,
      );
    }
  }
}

/** Reserves addresses, not memory; fewer of them where the process may have no more (ulimit -v). */
function reserve(maxByteLength: number): SharedArrayBuffer {
  try {
    return new SharedArrayBuffer(segmentEnd(0), { maxByteLength });
  } catch (error) {
    if (asError(error).name !== 'RangeError') throw error;
    if (maxByteLength > MIN_RESERVED) return reserve(maxByteLength / 2);
    const hint = 'raise the limit of addresses (ulimit -v)';
    throw new IngotError({ what: 'cannot make a table of contents', code: 'ENOMEM', hint }, error);
  }
}

/** Waits for another thread to finish writing a slot: a few stores, unless it died in between. */
function ownerOnceWritten(words: Int32Array, at: number): number {
  for (let waited = 0; waited < WRITE_WAIT_MS; waited++) {
    // It is too rare to be worth a wake-up call at every claim.
    Atomics.wait(words, at, BUSY, 1);
    const owner = Atomics.load(words, at);
    if (owner !== BUSY) return owner;
  }
  throw new IngotError({
    what: 'cannot claim a content',
    code: 'INGOT_WORKER_DIED',
    why: 'a worker died while it claimed one',
  });
}

const NOBODY = 0;
const FREE = 0;
const BUSY = -1;
/** Enough that a segment is some eight tenths full before the next one is touched much. */
const BUCKET_SLOTS = 32;
/** Of a slot, beside its key word: the owner, and three more words of the digest. */
const REST_WORDS = 4;
/**
 * First the key words of all slots: a search reads two cache lines of a bucket, not ten. Its 640
 * bytes are whole cache lines.
 */
const BUCKET_WORDS = BUCKET_SLOTS * (1 + REST_WORDS);
/** A table of 3 MB: what a run of a hundred thousand contents needs. */
const FIRST_BUCKETS = 4608;
/** More would leave more of the table empty, less would mean more places to look. */
const GROWTH = 1.25;
/** Reserved, not used: the largest that V8 takes; room for 100 million contents. */
const MAX_BYTES = 2 ** 32;
/** Room for more than a million contents. */
const MIN_RESERVED = 2 ** 25;
const WRITE_WAIT_MS = 2_000;

/** In bytes. */
function segmentStart(segment: number): number {
  return segment === 0 ? 0 : segmentEnd(segment - 1);
}

function segmentEnd(segment: number): number {
  return Math.floor(FIRST_BUCKETS * GROWTH ** segment) * BUCKET_WORDS * 4;
}

/** An integer to V8, too: the remainder of a floating-point division takes far longer. */
function bucketsOf(segment: Int32Array): number {
  return (segment.length / BUCKET_WORDS) >>> 0;
}

const NIBBLES = new Uint8Array(128);
for (let value = 0; value < 16; value++) NIBBLES[value.toString(16).charCodeAt(0)] = value;

/** 32 bits of a digest. By table: parsing would make a string of each piece. */
function wordAt(digest: Digest, from: number): number {
  let word = 0;
  for (let at = from; at < from + 8; at++) word = (word << 4) | NIBBLES[digest.charCodeAt(at)]!;
  return word;
}
