/** A state of progress as one line, as long as fits. */
import type { Progress } from '../ingest/api.ts';
import { byteRate, bytes, clock, count } from '../units.ts';

/** The state of a run; without bytes where it counts none, and without a whole that nobody knows. */
export type ShownProgress = Omit<Progress, 'bytesRead' | 'bytesWaiting' | 'entriesFound'> &
  Partial<Pick<Progress, 'bytesRead' | 'entriesFound'>> & {
    /** What is counted, where that is something else than before. */
    readonly unit?: string;
  };

const BAR_WIDTH = 20;
const MIN_BAR_WIDTH = 4;

/**
 * The line of a terminal with so many columns. When it does not fit, first the bar shrinks and goes,
 * then the rates and the bytes; share, counts and time left stay as long as they can.
 *
 *    46 % [=========           ] 53,120/117,745 entries  1.20/2.43 GB  16,021/s  310 MB/s  ETA 0:04
 */
export function fittedLine(progress: ShownProgress, unit: string, columns: number): string {
  // The last column stays free: terminals differ in what they do once it is written.
  const room = columns - 1;
  const share = shareText(progress).padStart(4);
  const parts = partsOf(progress, unit);
  const whole = joined(parts, 'all');
  const barWidth = Math.min(BAR_WIDTH, room - share.length - whole.length - ' [] '.length);
  if (progress.fractionDone !== undefined && barWidth >= MIN_BAR_WIDTH)
    return `${share} ${bar(progress.fractionDone, barWidth)} ${whole}`;
  const start = share.trim() === '' ? '' : `${share}  `;
  const lines = LEVELS.map((level) => start + joined(parts, level));
  return (lines.find((line) => line.length <= room) ?? lines.at(-1)!).slice(0, Math.max(0, room));
}

/** The same without a bar, however long: for logs. */
export function plainLine(progress: ShownProgress, unit: string): string {
  const share = shareText(progress);
  const text = joined(partsOf(progress, unit), 'all');
  return share === '' ? text : `${share}  ${text}`;
}

/** Rounded down: what is not done is never shown as done. */
function shareText({ fractionDone }: ShownProgress): string {
  return fractionDone === undefined ? '' : `${Math.floor(fractionDone * 100)} %`;
}

function bar(fraction: number, width: number): string {
  const filled = Math.floor(fraction * width);
  return `[${'='.repeat(filled)}${' '.repeat(width - filled)}]`;
}

interface Parts {
  /** `53,120/117,745`; `+` marks a total that still grows. */
  readonly counts: string;
  readonly shortCounts: string;
  readonly unit: string;
  readonly bytes: string | undefined;
  readonly perSecond: string | undefined;
  readonly bytesPerSecond: string | undefined;
  readonly timeLeft: string | undefined;
}

function partsOf(progress: ShownProgress, unit: string): Parts {
  const { entriesDone, bytesRead, totalBytes, walking } = progress;
  const { perSecond, bytesPerSecond, secondsLeft } = progress;
  const grows = progress.total === undefined && walking ? '+' : '';
  const whole = progress.total ?? progress.entriesFound;
  const done = count(entriesDone);
  return {
    counts: whole === undefined ? done : `${done}/${count(whole)}${grows}`,
    shortCounts: done,
    unit: progress.unit ?? unit,
    bytes: bytesRead === undefined ? undefined : bytesText(bytesRead, totalBytes),
    perSecond: perSecond === undefined ? undefined : `${count(perSecond)}/s`,
    bytesPerSecond: bytesPerSecond === undefined ? undefined : byteRate(bytesPerSecond),
    timeLeft: secondsLeft === undefined ? undefined : `ETA ${clock(secondsLeft)}`,
  };
}

/** `1.20/2.43 GB`, `812 MB/2.43 GB`. */
function bytesText(read: number, total: number | undefined): string {
  const done = bytes(read);
  if (total === undefined) return done;
  const whole = bytes(total);
  const [value, unit] = done.split(' ');
  return whole.endsWith(` ${unit}`) ? `${value}/${whole}` : `${done}/${whole}`;
}

/** What is left out, a little more from level to level. */
const LEVELS = ['all', 'no byte rate', 'no rates', 'no bytes', 'no unit', 'no total'] as const;

function joined(parts: Parts, level: (typeof LEVELS)[number]): string {
  const left = LEVELS.indexOf(level);
  const keeps = (until: (typeof LEVELS)[number]) => left < LEVELS.indexOf(until);
  const counts = keeps('no total') ? parts.counts : parts.shortCounts;
  return [
    keeps('no unit') ? `${counts} ${parts.unit}` : counts,
    keeps('no bytes') ? parts.bytes : undefined,
    keeps('no rates') ? parts.perSecond : undefined,
    keeps('no byte rate') ? parts.bytesPerSecond : undefined,
    parts.timeLeft,
  ]
    .filter((part) => part !== undefined)
    .join('  ');
}
