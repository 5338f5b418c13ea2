/**
 * The store path of a local directory: stage → barrier → publish.
 *
 * A name implies its bytes: an object's name comes to be by one linkat(2) or rename(2) of a temp
 * whose bytes are durable. No object is ever opened for writing. A crash at any point leaves temps
 * that the next open sweeps, and objects that are whole.
 */

import type { Digest } from '../../digest.ts';
import { failed, hasErrno } from '../../errors.ts';
import { flushFile, writeFully } from '../../files/file-ops.ts';
import { renameNew } from '../../files/rename-new.ts';
import type { AnyDescriptor } from '../../native/descriptor.ts';
import { isRegularFile } from '../../native/file-status.ts';
import type {
  CallMain,
  CloneStage,
  Group,
  Presence,
  Settled,
  StoreCost,
  StreamedContent,
  StreamStage,
} from '../seam/write.ts';
import { denialIn } from './on-disk/denial.ts';
import { directoryFullHint } from './on-disk/directory-full.ts';
import { remakeFolder } from './on-disk/shards.ts';
import { notDurable } from './publish/barrier.ts';
import { DRY_STREAM, TempStream } from './publish/temp-stream.ts';
import type { Temp } from './publish/temps.ts';
import type { LocalSpace } from './spaces.ts';
import type { LocalWorkerState } from './worker-state.ts';

/** What a large temp holds. */
interface LargeContent {
  readonly size: number;
  readonly sample: string | undefined;
  /** Undefined for shared blocks. */
  readonly stream?: TempStream;
}

export class LocalGroup<Name extends string = Digest> implements Group<Name> {
  readonly cost: StoreCost = { publishMs: 0, fileFlushes: 0 };
  readonly settled: Settled<Name> = { there: [], repaired: [] };
  readonly #state: LocalWorkerState;
  readonly #space: LocalSpace<Name>;
  readonly #callMain: CallMain;
  readonly #staged: { temp: Temp; name: Name }[] = [];
  readonly #largeKept: { size: number; sample: string }[] = [];
  readonly #damaged = new Set<Name>();

  constructor(state: LocalWorkerState, space: LocalSpace<Name>, callMain: CallMain) {
    this.#state = state;
    this.#space = space;
    this.#callMain = callMain;
  }

  get full(): boolean {
    return this.#staged.length >= this.#state.maxOpenTemps;
  }

  lookup(name: Name, size: number): Presence {
    if (this.#state.wasEmpty) return 'absent';
    let presence = this.#presenceAt(this.#space.pathOf(name), name, size);
    const other = presence === 'absent' ? this.#space.otherPathOf(name) : undefined;
    if (other !== undefined) presence = this.#presenceAt(other, name, size);
    if (presence === 'damaged') this.#damaged.add(name);
    return presence;
  }

  #presenceAt(path: string, name: Name, size: number): Presence {
    const found = this.#state.status.atLink(path);
    if (found === undefined) return 'absent';
    if (!isRegularFile(found) || found.size !== size) return 'damaged';
    return this.#state.verifyHits && !this.#space.isSound(path, name) ? 'damaged' : 'present';
  }

  stage(name: Name, bytes: Uint8Array): void {
    const { ops, dryRun, temps, namelessTemps } = this.#state;
    if (dryRun) return;
    const temp = namelessTemps ? temps.openNameless(bytes.length) : temps.open(bytes.length);
    try {
      writeFully(ops, temp.fd, bytes);
      this.#keep(temp, name);
    } catch (error) {
      temps.remove(temp);
      throw temps.failure(error, temp.path, bytes.length);
    }
  }

  stageStream({ expected, aligned, sparse }: StreamedContent): StreamStage<Name> {
    const { ops, dryRun, temps, setDirect } = this.#state;
    if (dryRun) return DRY_STREAM;
    const temp = temps.open(expected);
    const stream = new TempStream(temp.fd, ops, {
      setDirect: aligned ? setDirect : undefined,
      sparse,
    });
    return {
      write: async (bytes) => {
        try {
          await stream.write(bytes);
        } catch (error) {
          const lacking = Math.max(bytes.length, expected - stream.size);
          throw temps.failure(error, temp.path, lacking);
        }
      },
      keep: (name, size, sample) => this.#keepLarge(temp, name, { size, sample, stream }),
      drop: () => temps.remove(temp),
    };
  }

  stageClone(sourceFd: AnyDescriptor, device: number): CloneStage<Name> | undefined {
    const { dryRun, temps } = this.#state;
    const temp = dryRun ? undefined : temps.clone(sourceFd, device);
    return (
      temp && {
        fd: temp.fd,
        keep: (name, size, sample) => this.#keepLarge(temp, name, { size, sample }),
        drop: () => temps.remove(temp),
      }
    );
  }

  knowsLarge(size: number, sample: string): boolean {
    return this.#state.large.has(size, sample);
  }

  async commit(): Promise<void> {
    try {
      await this.#barrier();
      this.#publish();
    } finally {
      this.discard();
    }
  }

  /** Resolves when every temp of the group is durable. */
  async #barrier(): Promise<void> {
    const { durability, keepTempsOpen } = this.#state;
    if (durability !== 'group' || this.#staged.length === 0) return;
    if (keepTempsOpen) await this.#flushTemps();
    else await this.#callMain('barrier');
  }

  /** The barrier where syncfs is not one: the open temps are flushed. */
  async #flushTemps(): Promise<void> {
    const flushed = this.#state.flushTemps(this.#staged.map(({ temp }) => temp.fd!));
    this.cost.fileFlushes += this.#staged.length;
    try {
      await flushed;
    } catch (error) {
      throw notDurable(error, this.#state.root);
    }
    for (const { temp } of this.#staged) this.#state.temps.close(temp);
  }

  /** Gives each temp its object's name. */
  #publish(): void {
    const begun = performance.now();
    while (this.#staged.length > 0) this.#publishLast();
    for (const { size, sample } of this.#largeKept.splice(0)) this.#state.large.add(size, sample);
    this.cost.publishMs += performance.now() - begun;
  }

  #publishLast(): void {
    const { ops, root, layout } = this.#state;
    const { temp, name } = this.#staged[this.#staged.length - 1]!;
    const target = this.#space.pathOf(name);
    let isNew: boolean;
    try {
      try {
        isNew = this.#giveName(temp, name, target);
      } catch (error) {
        if (!hasErrno(error, 'ENOENT') || !remakeFolder(root, target, ops)) throw error;
        isNew = this.#giveName(temp, name, target);
      }
    } catch (error) {
      throw failed('cannot publish an object', error, {
        path: target,
        hint: directoryFullHint(error, root, layout),
        ...denialIn(root, error, target),
      });
    }
    this.#staged.pop();
    const wasDamaged = this.#damaged.delete(name);
    if (wasDamaged && this.#space.replace !== undefined) this.settled.repaired.push(name);
    else if (!isNew) this.settled.there.push(name);
  }

  /** False when it is known that something had that name. */
  #giveName(temp: Temp, name: Name, target: string): boolean {
    const { durability, libc, ops, temps } = this.#state;
    const { nameless } = temp;
    if (nameless && temps.publishNameless(temp, target)) return true;
    const replace = this.#mayReplace(name) ? this.#space.replace : undefined;
    if (replace !== undefined) {
      // Another writer may have repaired it meanwhile, and reported it durable.
      if (durability === 'none') flushFile(temp.path, ops);
      replace(name, temp.path, target, ops);
      return !nameless;
    }
    if (renameNew(ops, libc, temp.path, target)) return true;
    temps.remove(temp);
    return false;
  }

  /**
   * A lost race replaces equal bytes. But a writer that flushes nothing must not replace an object
   * that another one reported durable.
   */
  #mayReplace(name: Name): boolean {
    return this.#state.durability !== 'none' || this.#damaged.has(name);
  }

  discard(): void {
    for (const { temp } of this.#staged.splice(0)) this.#state.temps.remove(temp);
  }

  #keep(temp: Temp, name: Name): void {
    const { ops, durability, keepTempsOpen, root, temps } = this.#state;
    this.#space.requireName?.(name);
    if (durability === 'file') {
      try {
        ops.fsyncSync(temp.fd!);
      } catch (error) {
        throw notDurable(error, root);
      }
      this.cost.fileFlushes++;
    }
    if (!keepTempsOpen && !temp.nameless) temps.close(temp);
    this.#staged.push({ temp, name });
  }

  #keepLarge(temp: Temp, name: Name, { size, sample, stream }: LargeContent): void {
    try {
      stream?.end();
      this.#keep(temp, name);
    } catch (error) {
      this.#state.temps.remove(temp);
      throw this.#state.temps.failure(error, temp.path, size);
    }
    if (sample !== undefined) this.#largeKept.push({ size, sample });
  }
}
