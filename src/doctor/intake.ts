/** How fast files can come in, computed from what was measured and nothing else. */
import type { BarrierKind } from '../store/choices.ts';
import type { FlushFigure } from './flushes.ts';
import type { Figures } from './report.ts';
import { PROBE_FILE_BYTES } from './room.ts';

/**
 * Upper limits. An ingest also reads its sources, and writes what is large: neither was measured.
 */
export interface Intake {
  readonly threads: number;
  /** The size of the small files that were made. */
  readonly fileBytes: number;
  /** Small files hashed, created and made durable a second. */
  readonly filesPerSecond: number;
  /** The bytes of these small files a second. */
  readonly bytesPerSecond: number;
  /** Bytes hashed a second: no file, however large, comes in faster. */
  readonly hashedBytesPerSecond: number;
  /** False when no flush of a group could be measured: then none is in these rates. */
  readonly flushed: boolean;
}

/** The limits of an ingest with these settings. A pure function. */
export function intakeOf(
  { rates, flushes }: Pick<Figures, 'rates' | 'flushes'>,
  threads: number,
  barrier: BarrierKind,
): Intake {
  const { createdFilesPerSecond, hashedBytesPerSecond } = rates.byThreads.find(
    (each) => each.threads === threads,
  )!;
  const group = barrier === 'syncfs' ? flushes.syncfsGroup : flushes.fsyncGroup;
  const secondsPerFile =
    1 / createdFilesPerSecond.median +
    PROBE_FILE_BYTES / hashedBytesPerSecond.median +
    (group === undefined ? 0 : flushSecondsPerFile(group));
  const filesPerSecond = 1 / secondsPerFile;
  return {
    threads,
    fileBytes: PROBE_FILE_BYTES,
    filesPerSecond,
    bytesPerSecond: filesPerSecond * PROBE_FILE_BYTES,
    hashedBytesPerSecond: hashedBytesPerSecond.median,
    flushed: group !== undefined,
  };
}

function flushSecondsPerFile({ ms, files }: FlushFigure): number {
  return ms.median / 1000 / files;
}
