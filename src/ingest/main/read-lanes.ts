import type { WorkerSetup } from '../messages.ts';

/** What the workers have read so far, durable or not, in memory that they share. */
export class ReadLanes {
  readonly shared: Pick<WorkerSetup, 'bytesRead' | 'entriesRead'> = {
    bytesRead: new SharedArrayBuffer(16),
    entriesRead: new SharedArrayBuffer(4),
  };
  readonly #bytes = new BigInt64Array(this.shared.bytesRead);
  readonly #entries = new Int32Array(this.shared.entriesRead);

  get bytes(): number {
    return Number(Atomics.load(this.#bytes, 0)) + this.largeBytes;
  }

  /** Of large files alone. */
  get largeBytes(): number {
    return Number(Atomics.load(this.#bytes, 1));
  }

  /** Entries of batches. Large files among them were looked at, not read. */
  get entries(): number {
    return Atomics.load(this.#entries, 0);
  }
}
