import fs from 'node:fs';
import { timeOf } from './timespec.ts';

const STATX_BYTES = 256;
const { S_IFMT, S_IFDIR, S_IFREG, S_IFLNK } = fs.constants;

/** What statx(2) said last of a name, read out of its struct, which is laid out alike everywhere. */
export class AtStatus {
  readonly bytes = new ArrayBuffer(STATX_BYTES);
  readonly words = new Uint32Array(this.bytes);
  readonly #halves = new Uint16Array(this.bytes);
  readonly #longs = new BigUint64Array(this.bytes);
  readonly #signed = new BigInt64Array(this.bytes);

  /** Permissions: the lower 12 bits of st_mode. */
  get mode(): number {
    return this.#halves[14]! & 0o7777;
  }

  get isDirectory(): boolean {
    return (this.#halves[14]! & S_IFMT) === S_IFDIR;
  }

  get isFile(): boolean {
    return (this.#halves[14]! & S_IFMT) === S_IFREG;
  }

  get isLink(): boolean {
    return (this.#halves[14]! & S_IFMT) === S_IFLNK;
  }

  get uid(): number {
    return this.words[5]!;
  }

  get gid(): number {
    return this.words[6]!;
  }

  /** In bytes. */
  get size(): number {
    return Number(this.#longs[5]!);
  }

  /** Nanoseconds since 1970. */
  get mtime(): bigint {
    return timeOf({ seconds: this.#signed[14]!, nanoseconds: BigInt(this.words[30]!) });
  }

  /** Device and inode: what else has the same is the same file. */
  get identity(): string {
    return `${this.words[34]}:${this.words[35]}:${this.#longs[4]}`;
  }
}
