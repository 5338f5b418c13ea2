/** What reading takes, with reading ahead and without. */

/** How long reading some files took. */
export interface ReadCost {
  files: number;
  ms: number;
}

export interface ReadCosts {
  /** Of small files that were read ahead, that included. */
  readonly ahead: ReadCost;
  /** Of the other small files. */
  readonly notAhead: ReadCost;
}

/** What a thread reports of its reads. */
export interface AheadCost extends ReadCosts {
  /** Files that it has read ahead at a time so far, at most. */
  readonly aheadWidth: number;
}

export function noReads(): ReadCosts {
  return { ahead: { files: 0, ms: 0 }, notAhead: { files: 0, ms: 0 } };
}

/** The sum over the tasks of a run. */
export type TotalAheadCost = ReadCosts & { aheadWidth: number };

export function noAheadCost(): TotalAheadCost {
  return { ...noReads(), aheadWidth: 0 };
}

export function addAheadCost(total: TotalAheadCost, cost: AheadCost): void {
  addReads(total.ahead, cost.ahead);
  addReads(total.notAhead, cost.notAhead);
  total.aheadWidth = Math.max(total.aheadWidth, cost.aheadWidth);
}

function addReads(total: ReadCost, cost: ReadCost): void {
  total.files += cost.files;
  total.ms += cost.ms;
}

/** What reading ahead did, and what it gained. */
export interface ReadAheadReport {
  /** Files that a thread has read ahead at a time, at most; 0 where reads did not wait. */
  readonly width: number;
  /** Small files that were read ahead. */
  readonly files: number;
  /** Milliseconds that one of them took, reading ahead included; undefined where there is none. */
  readonly msWith: number | undefined;
  /** The same of small files that were not. */
  readonly msWithout: number | undefined;
}

export function readAheadReport({ aheadWidth, ahead, notAhead }: AheadCost): ReadAheadReport {
  return {
    width: aheadWidth,
    files: ahead.files,
    msWith: msEach(ahead),
    msWithout: msEach(notAhead),
  };
}

function msEach({ files, ms }: ReadCost): number | undefined {
  return files === 0 ? undefined : ms / files;
}
