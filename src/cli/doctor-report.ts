/** What a doctor found, for people: a table, then the advice. */
import type { FlushFigure, FlushFigures } from '../doctor/flushes.ts';
import type { ReadFigures } from '../doctor/reads.ts';
import type { DoctorReport, ExistingStore, RateFigures } from '../doctor/report.ts';
import type { Spread } from '../doctor/spread.ts';
import { swingsOf } from '../doctor/swings.ts';
import { printable } from '../errors.ts';
import { availableProcessors } from '../native/processors.ts';
import { bytes, count, counted, latency } from '../units.ts';

/** Some lines, each ended by a newline. */
export function describeDoctor(report: DoctorReport): string {
  const blocks = [
    [answer(report)],
    surroundings(report),
    table(flushRows(report.flushes)),
    table(rateRows(report.rates)),
    table(readRows(report.reads)),
    adviceLines(report),
    report.advice.warnings.map((warning) => `warning: ${warning}`),
  ];
  const text = blocks.filter((lines) => lines.length > 0).map((lines) => lines.join('\n'));
  return `${text.join('\n\n')}\n`;
}

/** How fast this machine can take files in. */
function answer(report: DoctorReport): string {
  const { intake, fileSystem } = report;
  const { threads, fileBytes, filesPerSecond, bytesPerSecond, hashedBytesPerSecond } = intake;
  const small = `${about(filesPerSecond)} files/s of ${count(fileBytes)} bytes (${about(bytesPerSecond / 1e6)} MB/s)`;
  const large = `${about(hashedBytesPerSecond / 1e6)} MB/s of large files`;
  const durable = fileSystem.type === 'tmpfs' ? 'in memory' : 'durable';
  const where = `${intake.flushed ? durable : 'flushes not counted,'} on this ${fileSystem.type} with ${counted(threads, 'thread')}`;
  const rough = swingsOf(report).length > 0 ? 'roughly ' : '';
  return `This machine takes in ${rough}up to ${small} and ${large}, ${where}; reading the sources and writing large files was not measured and comes on top.`;
}

/** Two digits: a third one would change from run to run. */
function about(value: number): string {
  return count(Number(value.toPrecision(2)));
}

function surroundings(report: DoctorReport): string[] {
  const { fileSystem: disk, reflink, reads } = report;
  const inodes =
    disk.inodes === 0 ? '' : `, ${count(disk.inodesFree)} of ${count(disk.inodes)} inodes free`;
  const shared = 'tried: files can share blocks, so large files on this disk are not copied';
  const refused = reflink.refusedWith === undefined ? '' : ` (${reflink.refusedWith})`;
  return [
    ['store', `${printable(report.store)}${whereProbed(report)}`],
    ['disk', `${disk.type}, ${bytes(disk.bytesFree)} of ${bytes(disk.bytes)} free${inodes}`],
    ['barrier', `${report.barrier.value}: ${report.barrier.why}`],
    ['reflink', reflink.works ? shared : `tried: files cannot share blocks${refused}`],
    ...(reads.obstacle === undefined ? [] : [['reading', `not measured: ${reads.obstacle}`]]),
  ].map(([name, value]) => `${name!.padEnd(10)}  ${value}`);
}

function whereProbed({ kind, existing, probedIn }: DoctorReport): string {
  if (existing !== undefined) return ` (${existing.layout}, ${objectsOf(existing)})`;
  if (kind === 'missing') return ` (not there yet; tried out in ${printable(probedIn)})`;
  return kind === 'empty' ? ' (an empty directory)' : ' (a directory, no store)';
}

function objectsOf({ objects, countedAll }: ExistingStore): string {
  return `${countedAll ? '' : 'more than '}${counted(objects, 'object')}`;
}

type Row = readonly [string, ...string[]];

function flushRows(flushes: FlushFigures): Row[] {
  const group = (what: string, figure?: FlushFigure) =>
    `${what} ${counted(figure?.files ?? 0, 'new file')}`;
  const { fsyncGroup, syncfsGroup } = flushes;
  return [
    ['flush', 'median', 'range'],
    ...flushRow('fsync of a new file', flushes.fsyncFile),
    ...flushRow('fsync of a directory', flushes.fsyncDirectory),
    ...flushRow(group('fsyncs side by side of', fsyncGroup), fsyncGroup),
    ...flushRow('syncfs, the first', flushes.syncfsFirst),
    ...flushRow('syncfs after a new file', flushes.syncfsFile),
    ...flushRow(group('syncfs after', syncfsGroup), syncfsGroup),
  ];
}

function flushRow(name: string, figure: FlushFigure | undefined): Row[] {
  if (figure === undefined) return [];
  const { ms } = figure;
  return [[name, latency(ms.median), rangeOf(ms, latency)]];
}

function rateRows({ byThreads, oneDirectory }: RateFigures): Row[] {
  const megabytes = (perSecond: number) => count(perSecond / 1e6);
  const rows = byThreads.flatMap(({ threads, createdFilesPerSecond, hashedBytesPerSecond }) => [
    rateRow(['create + rename', 'files/s', threads], createdFilesPerSecond, count),
    rateRow(['hash', 'MB/s', threads], hashedBytesPerSecond, megabytes),
  ]);
  const { threads, createdFilesPerSecond } = oneDirectory;
  const together = rateRow(['all in one folder', 'files/s', threads], createdFilesPerSecond, count);
  const [created, hashed] = [0, 1].map((kind) => rows.filter((_, at) => at % 2 === kind));
  return [['rate', 'median', 'range'], ...created!, together, ...hashed!];
}

function rateRow(
  [what, unit, threads]: readonly [string, string, number],
  spread: Spread,
  format: (value: number) => string,
): Row {
  const name = `${what}, ${counted(threads, 'thread')}`;
  return [name, `${format(spread.median)} ${unit}`, rangeOf(spread, format)];
}

function readRows({ byDepth, fileBytes }: ReadFigures): Row[] {
  const rows = byDepth.map(({ depth, filesPerSecond }): Row => {
    const median = `${count(filesPerSecond.median)} files/s`;
    return [
      counted(depth, 'request at a time', 'requests at a time'),
      median,
      rangeOf(filesPerSecond, count),
    ];
  });
  return [[`read files of ${fileBytes >> 10} KiB, uncached`, 'median', 'range'], ...rows];
}

function rangeOf({ min, max, samples }: Spread, format: (value: number) => string): string {
  return samples === 1 ? 'once' : `${format(min)} to ${format(max)}`;
}

const NAME_WIDTH = 36;
const VALUE_WIDTH = 15;

function table(rows: readonly Row[]): string[] {
  if (rows.length < 2) return [];
  return rows.map(([name, ...values]) => {
    const cells = values.map((value) => value.padStart(VALUE_WIDTH));
    return `${name.padEnd(NAME_WIDTH)}${cells[0]}  ${values[1]!.padStart(24)}`;
  });
}

function adviceLines(report: DoctorReport): string[] {
  const { durability, barrier, threads, layout, readAhead } = report.advice;
  const lines = [
    ['--durability', durability],
    ['--barrier', barrier],
    ['--threads', threads],
    ['--layout', layout],
    ...(readAhead === undefined ? [] : [['--read-ahead', readAhead] as const]),
  ] as const;
  const rows = lines.map(
    ([option, { value, why }]) => `  ${`${option} ${value}`.padEnd(20)}  ${why}`,
  );
  return ['advice', ...rows, `  so: ${commandLine(report)}`];
}

/** Only what an ingest would not do by itself. */
function commandLine({ advice, barrier, existing }: DoctorReport): string {
  const options = [];
  if (advice.barrier.value !== barrier.value) options.push(` --barrier ${advice.barrier.value}`);
  if (advice.threads.value !== availableProcessors())
    options.push(` --threads ${advice.threads.value}`);
  if (existing === undefined && advice.layout.value !== 'flat')
    options.push(` --layout ${advice.layout.value}`);
  return `ingot ingest SOURCE --store DIR${options.join('')}`;
}
