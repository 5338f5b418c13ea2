/** The worker threads of a verify of one store. */
import type { Digest } from '../../digest.ts';
import { IngotError } from '../../errors.ts';
import { type ReadAhead, type ReadAheadLimits, readAheadLimits } from '../../read-ahead/choice.ts';
import { Pool } from '../../threads/pool.ts';
import type { Engine } from '../seam/engine.ts';
import type { Verifier, VerifyBatch } from '../seam/upkeep.ts';
import type { VerifyReply, VerifyTask } from './messages.ts';

export interface PoolOptions {
  readonly threads: number;
  readonly readAhead?: ReadAhead | undefined;
  /** Damaged objects are to be moved. */
  readonly quarantine?: boolean | undefined;
}

export class VerifyPool {
  readonly verifier: Verifier;
  readonly threads: number;
  readonly #pool: Pool<VerifyTask, VerifyReply>;
  readonly #readAhead: ReadAheadLimits;
  readonly #bytesRead = new SharedArrayBuffer(8);

  private constructor(verifier: Verifier, { threads, readAhead }: PoolOptions) {
    this.verifier = verifier;
    this.threads = threads;
    this.#readAhead = readAheadLimits(readAhead, threads);
    this.#pool = new Pool('verify-worker', threads);
  }

  /** Throws an IngotError. */
  static async open(engine: Engine, options: PoolOptions): Promise<VerifyPool> {
    const { quarantine = false } = options;
    return new VerifyPool(await engine.openVerifier({ quarantine }), options);
  }

  /** Hashes objects. Throws an IngotError when the machine is short of something. */
  async check(digests: readonly Digest[]): Promise<VerifyBatch> {
    const reply = await this.#run({ do: 'check', digests });
    if (reply.status !== 'checked') throw new TypeError(`a check was answered by ${reply.status}`);
    return reply.batch;
  }

  /** The sizes of objects, as `Look` gives them. Throws an IngotError. */
  async look(digests: readonly Digest[]): Promise<readonly number[]> {
    const reply = await this.#run({ do: 'look', digests });
    if (reply.status !== 'looked') throw new TypeError(`a look was answered by ${reply.status}`);
    return reply.sizes;
  }

  /** Bytes that the threads have read so far. */
  bytesRead(): number {
    return Number(Atomics.load(new BigInt64Array(this.#bytesRead), 0));
  }

  close(): Promise<void> {
    return this.#pool.close();
  }

  async #run(what: Pick<VerifyTask, 'do' | 'digests'>): Promise<VerifyReply> {
    const { worker: store } = this.verifier;
    const common = { store, readAhead: this.#readAhead, bytesRead: this.#bytesRead };
    const reply = await this.#pool.run({ ...common, ...what });
    if (reply.status === 'failed') throw new IngotError(reply.failure);
    return reply;
  }
}
