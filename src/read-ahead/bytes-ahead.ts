/** A chunk that memory serves has come before the one before it is hashed. */
const WAIT_MS = 0.3;
/** More than this keeps no disk busier. */
const MOST_BYTES = 8 << 20;

/**
 * Asks for what comes of a large file, as soon as one of its chunks was waited for: the kernel's
 * own reading ahead, 128 KiB on most disks, has one request under way where the disk could serve many.
 */
export class BytesAhead {
  readonly #bytes: number;
  readonly #ask: (from: number, bytes: number) => void;
  /** Before this position all was asked for. */
  #asked = 0;
  #isFirst = true;
  #isOn = false;

  /** `bytes`: under way at a time; 0 never asks. */
  constructor(bytes: number, ask: (from: number, bytes: number) => void) {
    this.#bytes = Math.min(bytes, MOST_BYTES);
    this.#ask = ask;
  }

  /**
   * All before `position` was read; the thread stood still for so many milliseconds before the last
   * chunk had come, be it for a write: a read may be behind one in the same queue.
   */
  wasRead(position: number, waitedMs: number): void {
    // Nothing was hashed while the first one came.
    this.#isOn ||= !this.#isFirst && waitedMs > WAIT_MS && this.#bytes > 0;
    this.#isFirst = false;
    if (!this.#isOn || this.#asked - position > this.#bytes / 2) return;
    const from = Math.max(this.#asked, position);
    this.#asked = position + this.#bytes;
    this.#ask(from, this.#asked - from);
  }
}
