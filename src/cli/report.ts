/** The summary of an ingest, for people. */

import { printable } from '../errors.ts';
import { type IngestReport, PHASES, type Phase } from '../ingest/api.ts';
import { OUTCOMES } from '../ingest/outcome.ts';
import { byteRate, bytes, count, counted, duration, percent } from '../units.ts';
import { timeText } from './entry-text.ts';
import { readAheadTexts } from './read-ahead-text.ts';

/** Some lines, each ended by a newline. */
export function ingestSummary(report: IngestReport): string {
  const lines = [
    ...countLines(report),
    ...resumed(report),
    `  read ${bytes(report.bytesRead)}, ${written(report)}, saved ${bytes(report.bytesSaved)} by dedup`,
    `  ${flushed(report)}`,
    `  ${bottleneck(report)}`,
    ...readAheadTexts(report.readAhead, 'file').map((text) => `  ${text}`),
    ...repairs(report),
    ...warnings(report),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

/** What was met, how it ended, and the snapshot. */
export function countLines(report: IngestReport): string[] {
  return [
    headline(report),
    ...outcomes(report),
    ...unsupported(report),
    ...lost(report),
    ...snapshot(report),
    ...removed(report),
  ];
}

function headline(report: IngestReport): string {
  const seconds = report.wallMs / 1000;
  const perSecond = (amount: number) => (seconds > 0 ? amount / seconds : 0);
  // What a failed or interrupted run has only found took no time.
  const done = report.entries - report.outcomes.unfinished;
  const speed = `${count(perSecond(done))} files/s, ${byteRate(perSecond(report.bytesRead))}`;
  const found = `${counted(report.entries, 'entry', 'entries')} in ${counted(report.directories, 'directory', 'directories')}`;
  return `${found}, ${duration(report.wallMs)} (${speed})`;
}

/** Those that there were: most runs have few. */
function outcomes(report: IngestReport): string[] {
  const met = OUTCOMES.filter((outcome) => report.outcomes[outcome] > 0);
  if (met.length === 0) return [];
  return [`  ${met.map((outcome) => `${outcome} ${count(report.outcomes[outcome])}`).join('  ')}`];
}

function unsupported(report: IngestReport): string[] {
  const kinds = Object.entries(report.unsupportedKinds).filter(([, number]) => number > 0);
  if (kinds.length === 0) return [];
  return [`  unsupported: ${kinds.map(([kind, number]) => `${kind} ${count(number)}`).join(', ')}`];
}

function lost({ lostSources }: IngestReport): string[] {
  return lostSources.length === 0 ? [] : [`  sources lost ${count(lostSources.length)}`];
}

function snapshot({ snapshot: made, dryRun }: IngestReport): string[] {
  if (made === undefined) return [];
  const { id, label, entries, bytesAdded, complete, lacks } = made;
  const called = label === undefined ? '' : ` (${printable(label)})`;
  const name = dryRun ? `would be of root ${made.root}` : `${id}${called}`;
  const lines = [
    `  snapshot ${name}: ${counted(entries, 'entry', 'entries')}, ${bytes(bytesAdded)} of its own`,
  ];
  if (!complete)
    lines.push(`  it is INCOMPLETE: ${lacks.map(([why, n]) => `${why} ${count(n)}`).join(', ')}`);
  return lines;
}

function removed({ removed: gone }: IngestReport): string[] {
  if (gone === undefined || gone.refused !== undefined) return [];
  const { files, links, directories, bytes: size, notEmpty, stayed } = gone;
  const kinds = [
    counted(files, 'file'),
    ...(links > 0 ? [counted(links, 'link')] : []),
    ...(directories > 0 ? [counted(directories, 'directory', 'directories')] : []),
  ];
  const lines = [`  removed ${kinds.join(', ')} (${bytes(size)}) of the sources`];
  const stay = stayed.map(([why, number]) => `${why} ${count(number)}`);
  if (stay.length > 0) lines.push(`  NOT REMOVED: ${stay.join(', ')}`);
  if (notEmpty > 0)
    lines.push(`  left ${counted(notEmpty, 'directory', 'directories')}: not empty`);
  return lines;
}

function resumed({ resumed: before }: IngestReport): string[] {
  if (before === undefined || before.entries === 0) return [];
  const when = timeText(before.begun);
  return [
    `  resumed: ${counted(before.entries, 'entry', 'entries')} of the run of ${when}, which was cut off`,
  ];
}

function written(report: IngestReport): string {
  return `${report.dryRun ? 'would write' : 'wrote'} ${bytes(report.bytesWritten)}`;
}

function flushed({ flushes, durability, barrier }: IngestReport): string {
  if (durability === 'none') return 'flushed nothing';
  const barriers = barrier === 'syncfs' ? ' (syncfs)' : '';
  return `flushed ${counted(flushes.barriers, 'shared barrier')}${barriers}, ${counted(flushes.files, 'single file')}, ${counted(flushes.directories, 'directory', 'directories')}`;
}

/** Shares are of the workers' time, waiting for the walk and for barriers included. */
function bottleneck({ bottleneck: slowest, stageMs, threads }: IngestReport): string {
  const total = PHASES.reduce((sum, phase) => sum + stageMs[phase], 0);
  const shareOf = (phase: Phase) => percent(total > 0 ? stageMs[phase] / total : 0);
  const shares = PHASES.map((phase) => `${phase} ${shareOf(phase)}`);
  return `bottleneck: ${slowest} (${shares.join(', ')}; ${counted(threads, 'worker')})`;
}

function repairs({ repaired, swept }: IngestReport): string[] {
  const lines = repaired.map((digest) => `  repaired a damaged object: ${digest}`);
  if (swept > 0) lines.push(`  removed the temps of ${counted(swept, 'dead writer')}`);
  return lines;
}

function warnings({ dryRun, durability }: IngestReport): string[] {
  if (dryRun) return ['DRY RUN: nothing was stored'];
  if (durability === 'none')
    return ['NOT DURABLE: with --durability none nothing was flushed; a power cut may lose it'];
  return [];
}
