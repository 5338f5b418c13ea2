import type { Command } from 'commander';
import { printable } from '../errors.ts';
import type { FileSystemStats } from '../files/disk-space.ts';
import { withoutLibc } from '../native/load-koffi.ts';
import type { StoreStats } from '../store/seam/upkeep.ts';
import { bytes, count, counted } from '../units.ts';
import { type CommandContext, runCommand } from './command.ts';
import { EXIT, type ExitCode } from './fail.ts';
import { addCommonOptions, type CommonFlags, storeOf } from './options.ts';
import { unsettledNotes } from './unsettled.ts';

/** `ingot stats` */
export function addStats(program: Command): void {
  const command = program.command('stats').description('show what is in the store');
  addCommonOptions(command).action((flags: CommonFlags) =>
    runCommand(flags, 'stop', (context) => runStats(flags, context)),
  );
}

async function runStats(flags: CommonFlags, { output, signal }: CommandContext): Promise<ExitCode> {
  const store = storeOf(flags);
  const { storeStats } = await import('../store/stats.ts');
  output.doing('counting the objects');
  const stats = await storeStats(store, {
    signal,
    onProgress: (objects) => output.doing(`${counted(objects, 'object')} counted`),
  });
  output.result(stats, describe(stats));
  return stats.unreadable > 0 ? EXIT.incomplete : EXIT.done;
}

function describe(stats: StoreStats): string {
  const { objects, quarantined, unsettled, fileSystem: disk } = stats;
  const moving = stats.movingFrom === undefined ? '' : `, moving from ${stats.movingFrom}`;
  const rows: [string, string][] = [['store', printable(stats.root)]];
  if (stats.layout !== undefined)
    rows.push(['layout', `${stats.layout}${moving} (format ${stats.format})`]);
  rows.push(['objects', `${count(objects)}, ${bytes(stats.bytes)}`]);
  if (stats.largest !== undefined)
    rows.push(['largest', `${bytes(stats.largest.size)}, ${stats.largest.digest}`]);
  if (stats.unreadable > 0)
    rows.push(['unreadable', `${count(stats.unreadable)} could not be looked at`]);
  rows.push(['writers', writers(stats)]);
  const quarantine = [counted(quarantined, 'object'), ...unsettledNotes(unsettled)];
  rows.push(['quarantine', quarantine.join('; ')]);
  if (disk !== undefined)
    rows.push([
      'disk',
      `${disk.type}, ${bytes(disk.bytesFree)} of ${bytes(disk.bytes)} free${inodes(disk)}`,
    ]);
  return rows.map(([name, value]) => `${name.padEnd(10)}  ${value}\n`).join('');
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
