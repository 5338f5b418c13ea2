import { bytes, count, duration, latency } from '../units.ts';
import type { FlushKind } from './flush-messages.ts';
import type { Figures } from './report.ts';
import { swingsOf } from './swings.ts';

type Rule = (figures: Figures) => string | undefined;

/** What the user should know besides the settings: one line each, the gravest first. */
export function warningsOf(figures: Figures): string[] {
  return RULES.flatMap((rule) => rule(figures) ?? []);
}

/** Less is soon used up by an ingest. */
const LITTLE_BYTES = 1e9;
const LITTLE_INODES = 100_000;
/** No disk writes and confirms this fast; even one with a protected cache takes a bus and a queue. */
const IMPLAUSIBLE_MS = 0.1;
/** Long enough for a user to notice. */
const LONG_FLUSH_MS = 1000;
/** How much longer than later ones the first syncfs took, when others had data waiting. */
const FIRST_FACTOR = 10;
/** Fewer files than this are done before a rate can be measured. */
const FEW_FILES = 1000;

const RULES: readonly Rule[] = [
  ({ kind }) =>
    kind === 'other directory'
      ? 'this directory is not empty and no store: an ingest refuses it; name a new directory in it'
      : undefined,
  ({ libcObstacle }) =>
    libcObstacle &&
    `the temps of dead writers stay, relayout is refused and flushes are slower: ${libcObstacle}`,
  ({ flushes: { unfinished } }) =>
    unfinished &&
    `${NAMES[unfinished.kind]} did not end in ${duration(unfinished.waitedMs)}; it cannot be cut and goes on by itself: the disk is very busy, very slow, or failing`,
  ({ fileSystem, expectedObjects = 0 }) =>
    fileSystem.inodes > 0 && fileSystem.inodesFree < Math.max(LITTLE_INODES, expectedObjects)
      ? `only ${count(fileSystem.inodesFree)} inodes are free, and each new object needs one`
      : undefined,
  ({ fileSystem }) =>
    fileSystem.bytesFree < LITTLE_BYTES
      ? `only ${bytes(fileSystem.bytesFree)} are free`
      : undefined,
  ({ fileSystem, flushes: { fsyncFile } }) =>
    fsyncFile !== undefined && fileSystem.type !== 'tmpfs' && fsyncFile.ms.median < IMPLAUSIBLE_MS
      ? `an fsync takes ${latency(fsyncFile.ms.median)}: too fast for a disk; something below it may not flush, and a power cut could then lose what was reported as durable`
      : undefined,
  ({ flushes: { syncfsFirst, syncfsFile } }) =>
    syncfsFirst !== undefined &&
    syncfsFile !== undefined &&
    syncfsFirst.ms.max > Math.max(LONG_FLUSH_MS, syncfsFile.ms.median * FIRST_FACTOR)
      ? `the first syncfs took ${latency(syncfsFirst.ms.max)}: other programs had data waiting; an ingest with --barrier fsync does not wait for it`
      : undefined,
  ({ probeFiles }) =>
    probeFiles < FEW_FILES
      ? `there is room for ${count(probeFiles)} files in a probe only: the rates are rough`
      : undefined,
  (figures) => {
    const swings = swingsOf(figures);
    return swings.length > 0
      ? `the figures swing, so they are rough: ${swings.join(', ')}; run doctor again when the machine is quiet`
      : undefined;
  },
];

const NAMES: Readonly<Record<FlushKind, string>> = {
  fsyncFile: 'an fsync of a file',
  fsyncDirectory: 'an fsync of a directory',
  fsyncGroup: 'a group of fsyncs',
  syncfsFile: 'a syncfs',
  syncfsGroup: 'a syncfs',
};
