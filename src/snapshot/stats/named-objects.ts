/** The objects that snapshots name or pins keep: who needs each, in some 60 bytes. */
import type { Digest } from '../../digest.ts';
import { DigestSet } from '../gc/digest-set.ts';
import { type ScannedSegment, scanDigests, sizeAt } from '../gc/scan-segment.ts';
import { FORGOTTEN, NOBODY, ownedBy } from './owners.ts';

const FIRST_OBJECTS = 1 << 12;
const PINNED = 1;
const LISTED = 2;

/** Objects and their bytes. */
export interface Sum {
  objects: number;
  bytes: number;
}

export class NamedObjects {
  /** The sum of the objects that are entered, each once. */
  readonly entered: Sum = { objects: 0, bytes: 0 };
  readonly #digests = new DigestSet({ isNumbered: true });
  // Each by the number of the object.
  #owners = new Uint32Array(FIRST_OBJECTS);
  /** As entries say. */
  #sizes = new Float64Array(FIRST_OBJECTS);
  /** How often it was entered, and not left. */
  #uses = new Uint32Array(FIRST_OBJECTS);
  #flags = new Uint8Array(FIRST_OBJECTS);
  readonly #bytes = Buffer.alloc(64);

  /** The objects of a segment are needed by its owner, and entered. Gives them, for `leave`. */
  enter(segment: ScannedSegment, owner: number): Uint32Array {
    const objects: number[] = [];
    scanDigests(segment, (at) => {
      const object = this.#objectAt(segment, at);
      objects.push(object);
      this.#owners[object] = ownedBy(this.#owners[object]!, owner);
      if (this.#uses[object]!++ !== 0) return;
      this.entered.objects++;
      this.entered.bytes += this.#sizes[object]!;
    });
    return Uint32Array.from(objects);
  }

  /** They are needed still. */
  leave(objects: Uint32Array): void {
    for (const object of objects) {
      if (--this.#uses[object]! !== 0) continue;
      this.entered.objects--;
      this.entered.bytes -= this.#sizes[object]!;
    }
  }

  /** To be called when all that live snapshots need is entered. */
  addForgotten(segment: ScannedSegment): void {
    scanDigests(segment, (at) => {
      const object = this.#objectAt(segment, at);
      if (this.#owners[object] === NOBODY) this.#owners[object] = FORGOTTEN;
    });
  }

  pin(digest: Digest): void {
    this.#bytes.write(digest, 'latin1');
    const object = this.#digests.numberAt(this.#bytes, 0);
    this.#makeRoom(object);
    this.#flags[object]! |= PINNED;
  }

  /** An object that is in the store: gives who needs it. One that comes again counts for nobody new. */
  list(digest: Digest): { readonly owner: number; readonly isPinned: boolean; isNew: boolean } {
    const object = this.#digests.numberOf(digest);
    if (object === undefined) return { owner: NOBODY, isPinned: false, isNew: true };
    const flags = this.#flags[object]!;
    this.#flags[object] = flags | LISTED;
    return {
      owner: this.#owners[object]!,
      isPinned: (flags & PINNED) !== 0,
      isNew: (flags & LISTED) === 0,
    };
  }

  /** Each object with who needs it; `isThere`: it was listed. */
  *all(): Generator<{ owner: number; size: number; isPinned: boolean; isThere: boolean }> {
    for (let object = 0; object < this.#digests.size; object++) {
      const flags = this.#flags[object]!;
      const [isPinned, isThere] = [(flags & PINNED) !== 0, (flags & LISTED) !== 0];
      yield { owner: this.#owners[object]!, size: this.#sizes[object]!, isPinned, isThere };
    }
  }

  #objectAt(segment: ScannedSegment, at: number): number {
    const known = this.#digests.size;
    const object = this.#digests.numberAt(segment.bytes, at);
    if (object < known) return object;
    this.#makeRoom(object);
    this.#sizes[object] = sizeAt(segment, at);
    return object;
  }

  #makeRoom(object: number): void {
    if (object < this.#owners.length) return;
    this.#owners = grown(this.#owners, new Uint32Array(2 * object));
    this.#sizes = grown(this.#sizes, new Float64Array(2 * object));
    this.#uses = grown(this.#uses, new Uint32Array(2 * object));
    this.#flags = grown(this.#flags, new Uint8Array(2 * object));
  }
}

function grown<T extends Uint8Array | Uint32Array | Float64Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
