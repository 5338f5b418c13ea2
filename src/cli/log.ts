import { type Command, InvalidArgumentError } from 'commander';
import { printable } from '../errors.ts';
import type { Version } from '../snapshot/history.ts';
import { bytes } from '../units.ts';
import { type CommandContext, runCommand } from './command.ts';
import { entryJson, timeText } from './entry-text.ts';
import type { ExitCode } from './fail.ts';
import { DamageReport, printList } from './list.ts';
import { addCommonOptions, type CommonFlags, once, storeOf } from './options.ts';
import type { Element } from './output.ts';

interface LogFlags extends CommonFlags {
  readonly label?: string;
}

/** `ingot log PATH` */
export function addLog(program: Command): void {
  const command = program
    .command('log')
    .description('show the versions of a path in the snapshots, the newest first')
    .argument('<path>', 'as it is in the snapshots')
    .option('--label <name>', 'only snapshots of this label', labelOf);
  addCommonOptions(command).action((path: string, flags: LogFlags) =>
    runCommand(flags, 'stop', (context) => runLog(path, flags, context)),
  );
}

function labelOf(text: string, before?: string): string {
  if (once(text, before) !== '') return text;
  throw new InvalidArgumentError('It is empty.');
}

async function runLog(
  path: string,
  { label, ...flags }: LogFlags,
  context: CommandContext,
): Promise<ExitCode> {
  const { output, signal } = context;
  const store = storeOf(flags);
  const { history } = await import('../snapshot/history.ts');
  const report = new DamageReport(output);
  output.doing('looking through the snapshots');
  const versions: Version[] = [];
  for await (const version of history(store, path, { label, signal, onDamaged: report.add }))
    versions.push(version);
  if (versions.length === 0) output.notice(`no snapshot has ${printable(path)}`);
  output.beginList({ path }, 'versions');
  await printList(context, elements(versions.reverse()));
  const { found: damaged } = report;
  output.result(
    output.mode === 'events'
      ? { path, versions: versions.length, damaged: damaged.length }
      : { damaged },
    '',
  );
  return report.exitCode;
}

async function* elements(versions: readonly Version[]): AsyncGenerator<Element> {
  for (const version of versions)
    yield {
      event: 'version',
      text: () => lineOf(version),
      value: () => {
        const { snapshot, change, entry } = version;
        const { id, time, label } = snapshot;
        const when = { snapshot: id, time: new Date(time).toISOString(), label };
        return { ...when, change, entry: entry && entryJson(entry) };
      },
    };
}

function lineOf({ snapshot, change, entry }: Version): string {
  const { id, time, label = '' } = snapshot;
  const when = `${id}  ${timeText(time)}  ${printable(label).padEnd(LABEL_WIDTH)}`;
  return `${`${when}  ${change.padEnd(CHANGE_WIDTH)}  ${contentOf(entry)}`.trimEnd()}\n`;
}

const LABEL_WIDTH = 8;
const CHANGE_WIDTH = 'metadata'.length;

function contentOf(entry: Version['entry']): string {
  switch (entry?.type) {
    case 'file':
      return `${bytes(entry.size).padStart(SIZE_WIDTH)}  ${entry.digest}`;
    case 'link':
      return `-> ${printable(entry.target)}`;
    case 'directory':
      return 'directory';
    case 'missing':
      return `missing: ${entry.why}`;
    default:
      return '';
  }
}

const SIZE_WIDTH = '1,023 kB'.length;
