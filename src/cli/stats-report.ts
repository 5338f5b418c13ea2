/** What stats found, for people and for machines. */
import { printable } from '../errors.ts';
import type { FileSystemStats } from '../files/disk-space.ts';
import { withoutLibc } from '../native/load-koffi.ts';
import type { Amount, SnapshotStats, StoreStats } from '../snapshot/stats/api.ts';
import { bytes, count, counted } from '../units.ts';
import { timeText } from './entry-text.ts';
import { tableText } from './table.ts';
import { unsettledNotes } from './unsettled.ts';

export function statsText(stats: StoreStats): string {
  const rows = [...ofStore(stats), ...ofNeeds(stats), ...ofUpkeep(stats)];
  const text = rows.map(([name, value]) => `${name.padEnd(10)}  ${value}\n`).join('');
  return stats.snapshots.length === 0 ? text : `${text}\n${table(stats.snapshots)}`;
}

type Row = readonly [name: string, value: string];

function ofStore(stats: StoreStats): Row[] {
  const { layout, format, objects, largest, unreadable } = stats;
  const moving = stats.movingFrom === undefined ? '' : `, moving from ${stats.movingFrom}`;
  const rows: Row[] = [['store', printable(stats.root)]];
  if (layout !== undefined) rows.push(['layout', `${layout}${moving} (format ${format})`]);
  rows.push(['objects', `${count(objects)}, ${bytes(stats.bytes)}`]);
  if (largest !== undefined) rows.push(['largest', `${bytes(largest.size)}, ${largest.digest}`]);
  if (unreadable > 0) rows.push(['unreadable', `${count(unreadable)} could not be looked at`]);
  return rows;
}

/** In a store that never had a snapshot there is nothing to say of them. */
function ofNeeds({ snapshots, forgotten, orphans, pinned, pins }: StoreStats): Row[] {
  const rows: Row[] = [];
  if (pins !== undefined) {
    const alone = pins === 0 || pinned === undefined ? '' : `; they alone keep ${amount(pinned)}`;
    rows.push(['pins', `${counted(pins, 'object')} of put${alone}`]);
  }
  if (forgotten === undefined || orphans === undefined)
    return [...rows, ['gc', 'would refuse: not all that snapshots need can be read']];
  if (snapshots.length + forgotten.snapshots === 0) return rows;
  return [
    ...rows,
    [
      'forgotten',
      `${counted(forgotten.snapshots, 'snapshot')}; gc would free ${amount(forgotten)}`,
    ],
    ['orphans', `${amount(orphans)}, which no snapshot named`],
  ];
}

function amount({ objects, bytes: size, segments = 0, segmentBytes = 0 }: Partial<Amount>): string {
  const also = segments > 0 ? `, ${counted(segments, 'segment')}` : '';
  return `${bytes(size! + segmentBytes)}: ${counted(objects!, 'object')}${also}`;
}

function ofUpkeep(stats: StoreStats): Row[] {
  const { quarantined, unsettled, fileSystem: disk } = stats;
  const quarantine = [counted(quarantined, 'object'), ...unsettledNotes(unsettled)];
  const rows: Row[] = [
    ['writers', writers(stats)],
    ['quarantine', quarantine.join('; ')],
  ];
  if (disk !== undefined) {
    const free = `${bytes(disk.bytesFree)} of ${bytes(disk.bytes)} free`;
    rows.push(['disk', `${disk.type}, ${free}${inodes(disk)}`]);
  }
  return rows;
}

function writers({ writers }: StoreStats): string {
  if (writers === undefined) return `unknown: ${withoutLibc()}`;
  const { alive, dead, liveTemps, deadTemps } = writers;
  const swept = dead > 0 ? '; the next writer sweeps the dead' : '';
  return `${count(alive)} alive (${counted(liveTemps, 'temp')}), ${count(dead)} dead (${counted(deadTemps, 'temp')})${swept}`;
}

function inodes({ inodes, inodesFree }: FileSystemStats): string {
  return inodes === 0 ? '' : `, ${count(inodesFree)} of ${count(inodes)} inodes free`;
}

const COLUMNS = ['ID', 'TIME', 'LABEL', 'HOST', '>SIZE', '>OWN', '>SHARED', 'SOURCES'];

function table(snapshots: readonly SnapshotStats[]): string {
  const rows = snapshots.map(({ id, time, label = '', host, size, own, shared, sources }) => [
    ...[id, timeText(time), printable(label), printable(host)],
    ...[bytes(size), allBytes(own), allBytes(shared)],
    sources.map(({ given }) => printable(given)).join(', '),
  ]);
  return tableText(COLUMNS, rows, process.stdout.columns || undefined);
}

function allBytes(amount: Amount | undefined): string {
  return amount === undefined ? '?' : bytes(amount.bytes + amount.segmentBytes);
}

/** For machines. */
export function snapshotStatsJson({ id, time, ...rest }: SnapshotStats): object {
  return { id, time: new Date(time).toISOString(), ...rest };
}
