/**
 * The model: what recorded runs did to a directory, and from when on each step is durable.
 *
 * As POSIX promises, and no more. A write is durable once an fsync of its file, or a syncfs, that
 * began after its end has ended. A name (made, removed, given by rename or link) is durable once
 * an fsync of the directory that holds it, or a syncfs, has; the directory's own name is another
 * one, in its parent. A rename is one step: both of its names change or neither does (every
 * journal keeps that); it is the new name's directory whose fsync counts. One of the old name's
 * makes durable that this is gone, and no more. Until then each step is on disk or not, whatever
 * became of earlier and later ones.
 */

import type { Span } from '../../src/selftest/strace-log.ts';
import type { Call } from './calls.ts';
import type { Content, Image } from './disk-image.ts';
import { type Flush, type Inode, type NameStep, Replay, type WriteStep } from './replay.ts';

interface Durable {
  /** The end of the first flush that covers it; Infinity when none does. */
  readonly durableFrom: number;
}

/** Of a rename the old name may be gone for good before the new one is durable. */
export interface NameChange extends NameStep, Durable {
  readonly names: readonly (NameStep['names'][number] & Durable)[];
}
export type Write = WriteStep & Durable;

export class History {
  /** Every directory there ever was, with the names that were durably in it before. */
  readonly folders: ReadonlyMap<Inode, ReadonlyMap<string, Inode>>;
  /** The files that were there before, durable. */
  readonly files: ReadonlyMap<Inode, Content>;
  readonly changes: readonly NameChange[];
  readonly writes: readonly Write[];
  /** For each run, when it told of success; Infinity when it did not. */
  readonly acknowledged: readonly number[];
  /** Every moment at which something began, ended or became durable, in order. */
  readonly points: readonly number[];

  /**
   * `root` is the directory's path in the calls, `before` what it held when they began, `runs` the
   * calls of one run after the other.
   */
  constructor(root: string, before: Image, runs: readonly (readonly Call[])[]) {
    const replay = new Replay(root, before);
    let start = 0;
    this.acknowledged = runs.map((calls) => {
      const acknowledged = replay.run(calls, start);
      start = calls.reduce((last, { ended }) => Math.max(last, start + ended), start) + 1;
      return acknowledged;
    });
    const { folders, files, names, writes, flushes } = replay;
    this.folders = folders;
    this.files = files;
    this.changes = names.map((step) => {
      const durable = step.names.map((name) => ({
        ...name,
        durableFrom: durableFrom(step, name.folder, flushes),
      }));
      // Of a rename the new name is the last.
      return { ...step, names: durable, durableFrom: durable.at(-1)!.durableFrom };
    });
    this.writes = writes.map((step) => ({
      ...step,
      durableFrom: durableFrom(step, step.inode, flushes),
    }));
    const moments = [...names, ...writes, ...flushes].flatMap(({ begun, ended }) => [begun, ended]);
    const all = [-1, ...moments, ...this.acknowledged.filter(Number.isFinite)];
    this.points = [...new Set(all)].sort((a, b) => a - b);
  }
}

function durableFrom(step: Span, inode: Inode, flushes: readonly Flush[]): number {
  const covering = flushes.filter(
    (flush) => flush.begun > step.ended && (flush.inode === undefined || flush.inode === inode),
  );
  return Math.min(...covering.map(({ ended }) => ended));
}
