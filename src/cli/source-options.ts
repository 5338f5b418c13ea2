/** The options of commands that take sources, and how they are checked. */
import fs from 'node:fs';
import type { Command } from 'commander';
import { UsageError } from '../errors.ts';
import type { ReadAhead } from '../read-ahead/choice.ts';
import {
  addCommonOptions,
  type CommonFlags,
  collect,
  once,
  readAheadOption,
  threadsOption,
} from './options.ts';

export interface SourceFlags extends CommonFlags {
  readonly threads?: number;
  readonly readAhead?: ReadAhead;
  readonly exclude?: readonly string[];
  readonly excludeFrom?: readonly string[];
  readonly filesFrom?: string;
  readonly null?: boolean;
  readonly retry?: string;
  readonly oneFileSystem?: boolean;
  readonly label?: string;
  readonly as?: readonly string[];
  readonly host?: string;
  readonly xattrs: boolean;
  readonly snapshot: boolean;
  readonly rescan?: boolean;
  readonly ignoreCtime?: boolean;
  readonly ignoreInode?: boolean;
  readonly verifyHits?: boolean;
  readonly progress: boolean;
  readonly verbose?: boolean;
}

/** Adds what every command that takes sources has. */
export function addSourceOptions(command: Command): Command {
  return addCommonOptions(
    command
      .addOption(threadsOption())
      .addOption(readAheadOption())
      .option('--exclude <glob>', 'leave out what matches, as in .gitignore (repeatable)', collect)
      .option('--exclude-from <file>', 'a file of such patterns (repeatable)', collect)
      .option('--files-from <file>', 'more sources, one a line (-: standard input)', once)
      .option('-0, --null', 'sources in --files-from are separated by NUL bytes')
      .option('--retry <file>', 'take what failed in the last run of that journal', once)
      .option('-x, --one-file-system', 'stay on the file system of each source')
      .option('--label <label>', 'what the snapshot is called', once)
      .option('--as <name>', 'name of a source in the snapshot, one for each (repeatable)', collect)
      .option('--host <name>', 'the machine that the snapshot names (default: this one)', once)
      .option('--no-xattrs', 'record no extended attributes')
      .option('--no-snapshot', 'record no snapshot')
      .option('--rescan', 'read every file, also what is as an earlier run has recorded it')
      .option('--ignore-ctime', 'a file may be unchanged whatever its ctime is')
      .option('--ignore-inode', 'a file may be unchanged whatever its inode is')
      .option('--verify-hits', 'hash the object of every duplicate instead of comparing its size')
      .option('--no-progress', 'show no progress')
      .option('-v, --verbose', 'name each entry and its outcome'),
  );
}

/** Throws a UsageError. */
export function checkSources(
  sources: readonly string[],
  { filesFrom, retry, null: nul }: SourceFlags,
  command: string,
): void {
  if (sources.length === 0 && filesFrom === undefined && retry === undefined)
    throw wrongUsage('no source given', 'name a directory or a file, or use --files-from');
  if (sources.includes('-') && !fs.existsSync('-'))
    throw wrongUsage(
      `'ingot ${command}' reads no content from standard input`,
      "use 'ingot put -' to store it as one object, or --files-from - for a list of sources",
    );
  if (nul && filesFrom === undefined)
    throw wrongUsage('--null says how --files-from is separated', 'add --files-from FILE');
}

export function wrongUsage(why: string, hint: string): UsageError {
  return new UsageError({ what: 'wrong usage', code: 'INGOT_USAGE', why, hint });
}
