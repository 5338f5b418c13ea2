/** What the reading process does; the entry file workers/doctor-reader.ts only calls it. */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { promisify } from 'node:util';
import { nodeFileOps, writeFully } from '../files/file-ops.ts';
import type { SourceFd } from '../native/files.ts';
import { loadLibc } from '../native/libc.ts';
import type { ReadRequest, ReadSample } from './read-messages.ts';
import { canDrop, type DroppingFiles, READ_FILE_BYTES } from './reads.ts';
import { serveProbe } from './serve-probe.ts';
import { spreadOf } from './spread.ts';

/** Until the doctor is gone. */
export function serveReads(folder: string): void {
  let files: FilesToRead | undefined;
  serveProbe('cannot probe how the disk reads', folder, async (request: ReadRequest) => {
    files ??= new FilesToRead(folder, await droppingFiles());
    return files.answer(request);
  });
}

async function droppingFiles(): Promise<DroppingFiles> {
  const files = (await loadLibc())?.files;
  if (files === undefined || !canDrop(files))
    throw new Error('reading is only probed where libc can be called');
  return files;
}

/** So many are flushed side by side, which saves most of the waiting. */
const MADE_AT_ONCE = 64;

/** Files that no page cache holds, but for those that were read last. Throws what the calls fail with. */
export class FilesToRead {
  readonly #folder: string;
  readonly #files: DroppingFiles;
  /** All that were made. */
  readonly #names: string[] = [];
  /** Which comes next. */
  #next = 0;
  #last: readonly string[] = [];
  /** One byte more than a file has: its end shows in one call. */
  readonly #into = Buffer.alloc(READ_FILE_BYTES + 1);
  /** No disk shortens it, and no two files share it. */
  readonly #content = randomBytes(READ_FILE_BYTES);

  constructor(folder: string, files: DroppingFiles) {
    this.#folder = folder;
    this.#files = files;
  }

  async answer(request: ReadRequest): Promise<ReadSample> {
    if (request.kind === 'make') return await this.#make(request);
    if (request.kind === 'again') return this.#read(this.#last, request);
    for (const name of this.#last) this.#open(name, (fd) => this.#files.drop(fd));
    this.#last = Array.from({ length: request.files }, () => this.#take());
    return this.#read(this.#last, request);
  }

  /** In an order in which neighbours on the disk are no neighbours, as in a tree that has grown. */
  #take(): string {
    const name = this.#names[this.#next]!;
    this.#next = (this.#next + strideIn(this.#names.length)) % this.#names.length;
    return name;
  }

  async #make({ files, forMs }: ReadRequest): Promise<ReadSample> {
    const begun = performance.now();
    let refused: string | undefined;
    let ms: number;
    do {
      refused = await this.#makeSome(Math.min(MADE_AT_ONCE, files - this.#names.length));
      ms = performance.now() - begun;
    } while (refused === undefined && this.#names.length < files && ms < forMs);
    const made = this.#names.length;
    return { files: made, ms, fileMs: ms / made, refused };
  }

  async #makeSome(count: number): Promise<string | undefined> {
    const fsync = promisify(fs.fsync);
    const fds: number[] = [];
    try {
      for (let n = 0; n < count; n++) {
        const name = `${this.#folder}/${this.#names.length}`;
        const fd = fs.openSync(name, 'wx', 0o444);
        fds.push(fd);
        this.#names.push(name);
        this.#content.writeUInt32LE(this.#names.length);
        writeFully(nodeFileOps, fd, this.#content);
        // The disk writes it while the others are made.
        this.#files.drop(fd);
      }
      // What is not written cannot be dropped.
      await Promise.all(fds.map((fd) => fsync(fd)));
      return fds.map((fd) => this.#files.drop(fd)).find((refused) => refused !== undefined);
    } finally {
      for (const fd of fds) fs.closeSync(fd);
    }
  }

  /** As an ingest does: one thread asks for some files ahead, and reads one after the other. */
  #read(names: readonly string[], { depth, forMs }: ReadRequest): ReadSample {
    const times: number[] = [];
    let asked = 0;
    const begun = performance.now();
    let now = begun;
    for (const [index, name] of names.entries()) {
      const isLate = now - begun > forMs;
      // What is under way is waited for, or it would slow down the next measurement.
      if (isLate && asked <= index) break;
      if (!isLate && depth > 1)
        for (; asked < Math.min(index + depth, names.length); asked++) this.#ask(names[asked]!);
      const before = performance.now();
      this.#open(name, (fd) => this.#readWhole(fd));
      now = performance.now();
      times.push(now - before);
    }
    return { files: times.length, ms: now - begun, fileMs: spreadOf(times).median };
  }

  #ask(name: string): void {
    this.#open(name, (fd) => this.#files.willNeed(fd, 0, READ_FILE_BYTES));
  }

  #readWhole(fd: SourceFd): void {
    let left = READ_FILE_BYTES;
    while (left > 0) {
      const bytes = this.#files.read(fd, this.#into, this.#into.length);
      if (bytes === 0) throw new Error('a file of the probe has become shorter');
      left -= bytes;
    }
  }

  #open(name: string, use: (fd: SourceFd) => void): void {
    const fd = this.#files.open(name, fs.constants.O_RDONLY, 0);
    try {
      use(fd);
    } finally {
      this.#files.close(fd);
    }
  }
}

/** About the golden section, which scatters best, and without a common divisor: all have a turn. */
export function strideIn(count: number): number {
  let stride = Math.max(1, Math.round(count * 0.618));
  while (divisor(stride, count) > 1) stride++;
  return stride;
}

function divisor(a: number, b: number): number {
  return b === 0 ? a : divisor(b, a % b);
}
