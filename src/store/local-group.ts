/**
 * The store path of a local directory: stage → barrier → publish.
 *
 * A name implies its bytes: an object's name comes to be by one rename(2) of a temp whose bytes
 * are durable. No object is ever opened for writing. A crash at any point leaves temps that the
 * next open sweeps, and objects that are whole.
 */
import fs from 'node:fs';
import { promisify } from 'node:util';
import { errnoOf, failed } from '../errors.ts';
import type { Digest } from './digest.ts';
import { directoryFullHint, diskFullHint } from './disk-full.ts';
import { type FileOps, writeFully } from './file-ops.ts';
import type { LargeIndex } from './large-index.ts';
import { type Layout, objectPath, otherLayout } from './layout.ts';
import type {
  CallMain,
  CloneStage,
  Durability,
  Group,
  Presence,
  StoreCost,
  StreamStage,
} from './seam.ts';
import { hashesTo } from './verify-objects.ts';

/** What groups of one worker share. */
export interface LocalWorkerState {
  readonly root: string;
  readonly layout: Layout;
  /** Objects may lie in the other layout too: a relayout is under way. */
  readonly moving: boolean;
  /** The worker's own folder for temps: workers never wait for each other's directory lock. */
  readonly tempFolder: string;
  readonly durability: Durability;
  /** The barrier is an fsync of every temp, which therefore stays open until then. */
  readonly keepTempsOpen: boolean;
  /** The store was empty on open: a digest not claimed in this run cannot be there. */
  readonly wasEmpty: boolean;
  readonly verifyHits: boolean;
  readonly dryRun: boolean;
  readonly maxOpenTemps: number;
  readonly ops: FileOps;
  readonly large: LargeIndex;
  /** Number of the next temp in this worker's folder. */
  nextTemp: number;
  /** Devices from which blocks cannot be shared with the store's. */
  readonly noClone: Set<number>;
}

interface Temp {
  readonly path: string;
  /** -1 once closed: descriptors are shared by all threads, so none may be closed twice. */
  fd: number;
}

/** Objects are read-only for everyone; the store's own mode keeps strangers out. */
const OBJECT_MODE = 0o444;

export class LocalGroup implements Group {
  readonly cost: StoreCost = {
    publishMs: 0,
    bytesWritten: 0,
    fileFlushes: 0,
    published: 0,
    repaired: [],
  };
  readonly #state: LocalWorkerState;
  readonly #callMain: CallMain;
  readonly #staged: { temp: Temp; digest: Digest }[] = [];
  readonly #largeKept: { size: number; sample: string }[] = [];
  readonly #damaged = new Set<Digest>();

  constructor(state: LocalWorkerState, callMain: CallMain) {
    this.#state = state;
    this.#callMain = callMain;
  }

  get full(): boolean {
    return this.#state.keepTempsOpen && this.#staged.length >= this.#state.maxOpenTemps;
  }

  lookup(digest: Digest, size: number): Presence {
    const { root, layout, moving, wasEmpty } = this.#state;
    if (wasEmpty) return 'absent';
    let presence = this.#presenceAt(objectPath(root, layout, digest), digest, size);
    if (presence === 'absent' && moving)
      presence = this.#presenceAt(objectPath(root, otherLayout(layout), digest), digest, size);
    if (presence === 'damaged') this.#damaged.add(digest);
    return presence;
  }

  #presenceAt(path: string, digest: Digest, size: number): Presence {
    const found = this.#state.ops.statSync(path, { throwIfNoEntry: false });
    if (found === undefined) return 'absent';
    if (!found.isFile() || found.size !== size) return 'damaged';
    return this.#state.verifyHits && !hashesTo(path, digest) ? 'damaged' : 'present';
  }

  stage(digest: Digest, bytes: Uint8Array): void {
    const { ops, dryRun } = this.#state;
    this.cost.bytesWritten += bytes.length;
    if (dryRun) return;
    const temp = this.#openTemp();
    try {
      writeFully(ops, temp.fd, bytes);
      this.#keep(temp, digest);
    } catch (error) {
      this.#remove(temp);
      throw this.#writeFailure(error, temp.path, bytes.length);
    }
  }

  stageStream(): StreamStage {
    const { ops, dryRun } = this.#state;
    if (dryRun) return new DryStream(this.cost);
    const temp = this.#openTemp();
    const write = promisify(ops.write) as typeof fs.write.__promisify__;
    let size = 0;
    return {
      write: async (bytes) => {
        try {
          for (let at = 0; at < bytes.length; )
            at += (await write(temp.fd, bytes, at, bytes.length - at, null)).bytesWritten;
        } catch (error) {
          throw this.#writeFailure(error, temp.path, bytes.length);
        }
        size += bytes.length;
        this.cost.bytesWritten += bytes.length;
      },
      keep: (digest, total, sample) => this.#keepLarge(temp, digest, total, sample),
      drop: () => {
        this.cost.bytesWritten -= size;
        this.#remove(temp);
      },
    };
  }

  async stageClone(sourceFd: number, device: number): Promise<CloneStage | undefined> {
    const { ops, dryRun, noClone } = this.#state;
    if (dryRun || noClone.has(device)) return undefined;
    const path = this.#nextTempPath();
    const { COPYFILE_EXCL, COPYFILE_FICLONE_FORCE, O_RDONLY } = fs.constants;
    try {
      // By the open descriptor: the name may mean another file by now.
      ops.copyFileSync(`/proc/self/fd/${sourceFd}`, path, COPYFILE_EXCL | COPYFILE_FICLONE_FORCE);
    } catch (error) {
      const code = errnoOf(error);
      if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EIO')
        throw this.#writeFailure(error, path, 0);
      // Another file system, or one that shares no blocks: copy from there from now on.
      noClone.add(device);
      ops.rmSync(path, { force: true });
      return undefined;
    }
    const temp: Temp = { path, fd: ops.openSync(path, O_RDONLY) };
    ops.fchmodSync(temp.fd, OBJECT_MODE);
    return {
      fd: temp.fd,
      keep: (digest, size, sample) => this.#keepLarge(temp, digest, size, sample),
      drop: () => this.#remove(temp),
    };
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

  /** The barrier where syncfs is none: fsync of the open temps, as many at once as libuv has threads. */
  async #flushTemps(): Promise<void> {
    const { ops } = this.#state;
    const fsync = promisify(ops.fsync);
    const results = await Promise.allSettled(this.#staged.map(({ temp }) => fsync(temp.fd)));
    this.cost.fileFlushes += this.#staged.length;
    const failure = results.find((result) => result.status === 'rejected');
    if (failure !== undefined) throw flushFailure(failure.reason, this.#state.root);
    for (const { temp } of this.#staged) this.#close(temp);
  }

  /** Gives each temp its object's name. Losing a race to another writer replaces equal bytes. */
  #publish(): void {
    const { ops, root, layout, large } = this.#state;
    const begun = performance.now();
    while (this.#staged.length > 0) {
      const { temp, digest } = this.#staged[this.#staged.length - 1]!;
      const target = objectPath(root, layout, digest);
      try {
        ops.renameSync(temp.path, target);
      } catch (error) {
        throw failed('cannot publish an object', error, {
          path: target,
          hint: directoryFullHint(error, root, layout),
        });
      }
      this.#staged.pop();
      this.cost.published++;
      if (this.#damaged.delete(digest)) this.cost.repaired.push(digest);
    }
    for (const { size, sample } of this.#largeKept.splice(0)) large.add(size, sample);
    this.cost.publishMs += performance.now() - begun;
  }

  discard(): void {
    for (const { temp } of this.#staged.splice(0)) this.#remove(temp);
  }

  #nextTempPath(): string {
    return `${this.#state.tempFolder}/${this.#state.nextTemp++}`;
  }

  #openTemp(): Temp {
    const { O_WRONLY, O_CREAT, O_EXCL } = fs.constants;
    const path = this.#nextTempPath();
    try {
      return { path, fd: this.#state.ops.openSync(path, O_WRONLY | O_CREAT | O_EXCL, OBJECT_MODE) };
    } catch (error) {
      throw this.#writeFailure(error, path, 0);
    }
  }

  #keep(temp: Temp, digest: Digest): void {
    const { ops, durability, keepTempsOpen, root } = this.#state;
    if (durability === 'file') {
      try {
        ops.fsyncSync(temp.fd);
      } catch (error) {
        throw flushFailure(error, root);
      }
      this.cost.fileFlushes++;
    }
    if (!keepTempsOpen) this.#close(temp);
    this.#staged.push({ temp, digest });
  }

  #keepLarge(temp: Temp, digest: Digest, size: number, sample: string | undefined): void {
    try {
      this.#keep(temp, digest);
    } catch (error) {
      this.#remove(temp);
      throw this.#writeFailure(error, temp.path, size);
    }
    if (sample !== undefined) this.#largeKept.push({ size, sample });
  }

  #close(temp: Temp): void {
    const fd = temp.fd;
    // close(2) frees the descriptor even when it fails.
    temp.fd = -1;
    this.#state.ops.closeSync(fd);
  }

  /** Cleans up without hiding the error that led here: what stays is swept on the next open. */
  #remove(temp: Temp): void {
    const attempt = (step: () => void) => {
      try {
        step();
      } catch (error) {
        if (errnoOf(error) === undefined) throw error;
      }
    };
    if (temp.fd >= 0) attempt(() => this.#close(temp));
    attempt(() => this.#state.ops.unlinkSync(temp.path));
  }

  #writeFailure(error: unknown, path: string, needed: number): Error {
    return failed('cannot write an object', error, {
      path,
      hint: diskFullHint(error, this.#state.root, needed),
    });
  }
}

/** A stream that is only counted. */
class DryStream implements StreamStage {
  readonly #cost: StoreCost;
  #size = 0;

  constructor(cost: StoreCost) {
    this.#cost = cost;
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#size += bytes.length;
    this.#cost.bytesWritten += bytes.length;
  }

  keep(): void {}

  drop(): void {
    this.#cost.bytesWritten -= this.#size;
  }
}

function flushFailure(error: unknown, root: string): Error {
  return failed('cannot make objects durable', error, {
    path: root,
    hint: 'the temps of this group were dropped; check the disk and run again',
  });
}
