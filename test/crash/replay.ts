/** Follows recorded calls as the kernel did: which name meant which inode, and which descriptor. */
import { basename, dirname, relative } from 'node:path';
import type { Span } from '../../src/selftest/strace-log.ts';
import type { Call } from './calls.ts';
import { Content, type Image } from './disk-image.ts';

export type Inode = number;

export const ROOT: Inode = 0;

interface Step extends Span {
  /** For people: `rename a -> b`. */
  readonly what: string;
}

export interface NameStep extends Step {
  /** What each name means from then on; undefined: nothing. */
  readonly names: readonly {
    readonly folder: Inode;
    readonly name: string;
    readonly inode: Inode | undefined;
  }[];
}

export interface WriteStep extends Step {
  readonly inode: Inode;
  readonly at: number;
  readonly bytes: Buffer;
}

export interface Flush extends Span {
  /** Undefined: everything. */
  readonly inode: Inode | undefined;
}

interface OpenFile {
  readonly inode: Inode;
  readonly appends: boolean;
  offset: number;
}

export class Replay {
  /** Every directory there ever was, with the names that were in it before. */
  readonly folders = new Map<Inode, ReadonlyMap<string, Inode>>();
  /** The files that were there before. */
  readonly files = new Map<Inode, Content>();
  readonly names: NameStep[] = [];
  readonly writes: WriteStep[] = [];
  readonly flushes: Flush[] = [];
  readonly #root: string;
  /** The directories as processes see them, flushed or not. */
  readonly #folders = new Map<Inode, Map<string, Inode>>();
  readonly #sizes = new Map<Inode, number>();
  #fds = new Map<number, OpenFile>();
  #next = ROOT;

  /** `root` is the directory's path in the calls, `before` what it held when they began. */
  constructor(root: string, before: Image) {
    this.#root = root;
    this.#load(before);
  }

  #load(node: Image | Content): Inode {
    const inode = this.#next++;
    if (node instanceof Content) {
      this.files.set(inode, node);
      this.#sizes.set(inode, node.bytes.length);
    } else {
      const names = new Map<string, Inode>();
      this.#folders.set(inode, names);
      for (const [name, child] of node) names.set(name, this.#load(child));
      this.folders.set(inode, new Map(names));
    }
    return inode;
  }

  /** Moments count from `start`. Gives the one at which the run told of success, or Infinity. */
  run(calls: readonly Call[], start: number): number {
    this.#fds = new Map();
    let acknowledged = Number.POSITIVE_INFINITY;
    // A descriptor's number is free for another open as soon as its close has begun.
    const moment = (call: Call) => (call.name === 'close' ? call.begun : call.ended);
    for (const call of [...calls].sort((a, b) => moment(a) - moment(b))) {
      const span = { begun: start + call.begun, ended: start + call.ended };
      if (call.name === 'acknowledge') acknowledged = Math.min(acknowledged, span.begun);
      else this.#apply({ ...call, ...span });
    }
    return acknowledged;
  }

  #apply(call: Call): void {
    switch (call.name) {
      case 'open':
        this.#fds.set(call.fd, this.#open(call));
        break;
      case 'close':
        this.#fds.delete(call.fd);
        break;
      case 'write':
        this.#write(call, this.#opened(call.fd), call.bytes, call.at);
        break;
      case 'clone':
        this.#write(call, this.#opened(call.fd), this.#sourceOf(call.source), 0);
        break;
      case 'truncate':
        if (this.#sizeOf(this.#opened(call.fd).inode) !== call.size)
          throw new Error('the model does not know how to change the size of a file');
        break;
      case 'mkdir': {
        const inode = this.#next++;
        this.#folders.set(inode, new Map());
        this.folders.set(inode, new Map());
        this.#change(call, call.path, [[call.path, inode]]);
        break;
      }
      case 'unlink':
      case 'rmdir':
        this.#change(call, call.path, [[call.path, undefined]]);
        break;
      case 'link':
        this.#change(call, call.to, [[call.to, this.#linked(call.from)]]);
        break;
      case 'rename':
        this.#change(call, `${call.from} -> ${call.to}`, [
          [call.from, undefined],
          [call.to, this.#inodeAt(call.from)],
        ]);
        break;
      case 'flush':
        this.flushes.push({ ...spanOf(call), inode: this.#opened(call.fd).inode });
        break;
      case 'syncfs':
        this.flushes.push({ ...spanOf(call), inode: undefined });
        break;
    }
  }

  #open({ path, creates, appends, nameless, ...span }: Call & { name: 'open' }): OpenFile {
    if (nameless) return { inode: this.#next++, appends, offset: 0 };
    if (creates && !this.#folderOf(path).names.has(basename(path)))
      this.#change({ ...span, name: 'create' }, path, [[path, this.#next++]]);
    return { inode: this.#inodeAt(path), appends, offset: 0 };
  }

  #write(call: Call, file: OpenFile, bytes: Buffer, at: number | undefined): void {
    const { inode } = file;
    const size = this.#sizeOf(inode);
    const offset = file.appends ? size : (at ?? file.offset);
    if (at === undefined) file.offset = offset + bytes.length;
    this.#sizes.set(inode, Math.max(size, offset + bytes.length));
    const what = `write of ${bytes.length} bytes at ${offset} into inode ${inode}`;
    this.writes.push({ ...step(call, what), inode, at: offset, bytes });
  }

  #change(
    call: Span & { name: string },
    what: string,
    changed: readonly [path: string, inode: Inode | undefined][],
  ): void {
    const names = changed.map(([path, inode]) => {
      const { folder, names: known } = this.#folderOf(path);
      const name = basename(path);
      if (inode === undefined) known.delete(name);
      else known.set(name, inode);
      return { folder, name, inode };
    });
    const where = what.replaceAll(`${this.#root}/`, '');
    this.names.push({ ...step(call, `${call.name} ${where}`), names });
  }

  #folderOf(path: string): { folder: Inode; names: Map<string, Inode> } {
    const folder = this.#inodeAt(dirname(path));
    const names = this.#folders.get(folder);
    if (names === undefined) throw new Error(`the log does not tell that ${path} is in a folder`);
    return { folder, names };
  }

  /** Sources lie in the recorded directory from the start: their blocks are shared with temps. */
  #sourceOf(fd: number): Buffer {
    const source = this.files.get(this.#opened(fd).inode);
    if (source === undefined) throw new Error(`the log does not tell what descriptor ${fd} holds`);
    return source.bytes;
  }

  #linked(from: string): Inode {
    const fd = /^\/proc\/self\/fd\/(\d+)$/.exec(from)?.[1];
    return fd === undefined ? this.#inodeAt(from) : this.#opened(Number(fd)).inode;
  }

  #opened(fd: number): OpenFile {
    const file = this.#fds.get(fd);
    if (file === undefined) throw new Error(`the log does not tell what descriptor ${fd} is`);
    return file;
  }

  #sizeOf(inode: Inode): number {
    return this.#sizes.get(inode) ?? 0;
  }

  #inodeAt(path: string): Inode {
    let inode: Inode | undefined = ROOT;
    for (const name of relative(this.#root, path).split('/'))
      if (name !== '')
        inode = inode === undefined ? undefined : this.#folders.get(inode)?.get(name);
    if (inode === undefined) throw new Error(`the log does not tell what ${path} is`);
    return inode;
  }
}

const spanOf = ({ begun, ended }: Span): Span => ({ begun, ended });

function step(call: Span, what: string): Step {
  return { ...spanOf(call), what };
}
