/** Figures of a usual disk, and others that differ from it where a test says so. */
import type { FlushFigure } from '../../src/doctor/flushes.ts';
import type { ReadFigures } from '../../src/doctor/reads.ts';
import type { Figures, ThreadRates } from '../../src/doctor/report.ts';
import { type Spread, spreadOf } from '../../src/doctor/spread.ts';

export function flushOf(ms: number, files = 1): FlushFigure {
  return { ms: spread(ms), files };
}

/** Of one thread more: files created and megabytes hashed a second. */
export function ratesOf(threads: number, files: number, megabytes: number): ThreadRates {
  return {
    threads,
    createdFilesPerSecond: spread(files),
    hashedBytesPerSecond: spread(megabytes * 1e6),
  };
}

/** Files a second, with so many requests at a time. */
export function readsOf(
  ...rates: readonly (readonly [depth: number, files: number])[]
): ReadFigures {
  const byDepth = rates.map(([depth, files]) => ({ depth, filesPerSecond: spread(files) }));
  return { fileBytes: 32_768, byDepth };
}

function spread(value: number): Spread {
  return spreadOf([value, value, value]);
}

/** ext4 on a quiet SSD, two processors, no store yet. */
export const USUAL: Figures = {
  kind: 'missing',
  existing: undefined,
  fileSystem: {
    type: 'ext4',
    bytes: 200e9,
    bytesFree: 100e9,
    inodes: 12_000_000,
    inodesFree: 11_000_000,
  },
  blockBytes: 4096,
  probeFiles: 100_000,
  libcObstacle: undefined,
  barrier: { value: 'syncfs', why: 'it is one' },
  reflink: { works: false, refusedWith: 'ENOTSUP' },
  flushes: {
    fsyncFile: flushOf(2),
    fsyncDirectory: flushOf(1),
    fsyncGroup: flushOf(64, 128),
    syncfsFirst: flushOf(20),
    syncfsFile: flushOf(3),
    syncfsGroup: flushOf(40, 1000),
  },
  rates: {
    byThreads: [ratesOf(1, 20_000, 2000), ratesOf(2, 35_000, 4000)],
    oneDirectory: { threads: 2, createdFilesPerSecond: spread(25_000) },
  },
  reads: readsOf([1, 5000], [8, 20_000], [64, 30_000]),
  expectedObjects: undefined,
};

type Changes = Partial<Omit<Figures, 'fileSystem' | 'flushes'>> & {
  readonly fileSystem?: Partial<Figures['fileSystem']>;
  readonly flushes?: Figures['flushes'];
};

export function figuresWith({ fileSystem, flushes, ...others }: Changes): Figures {
  return {
    ...USUAL,
    ...others,
    fileSystem: { ...USUAL.fileSystem, ...fileSystem },
    flushes: { ...USUAL.flushes, ...flushes },
  };
}
