import type { Command } from 'commander';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { type CommandContext, runCommand } from './command.ts';
import { entryJson, entryLine, LongRows } from './entry-text.ts';
import { EXIT, type ExitCode } from './fail.ts';
import { printList } from './list.ts';
import { addCommonOptions, type CommonFlags, storeOf } from './options.ts';
import type { Element } from './output.ts';

interface LsFlags extends CommonFlags {
  readonly long?: boolean;
  readonly recursive?: boolean;
  readonly null?: boolean;
}

/** `ingot ls [SNAPSHOT[:PATH]]` */
export function addLs(program: Command): void {
  const command = program
    .command('ls')
    .description('list what a snapshot has, or a directory in it')
    .argument('[snapshot]', 'SNAPSHOT or SNAPSHOT:PATH', 'latest')
    .option('-l, --long', 'show mode, owner, group, size, time and target, as ls -l does')
    .option('-R, --recursive', 'list what lies in directories, too')
    .option('-0, --null', 'end each name with a NUL byte, and change none');
  addCommonOptions(command).action((name: string, flags: LsFlags) =>
    runCommand(flags, 'stop', (context) => runLs(name, flags, context)),
  );
}

async function runLs(name: string, flags: LsFlags, context: CommandContext): Promise<ExitCode> {
  const { output } = context;
  const store = storeOf(flags);
  const { openSnapshot } = await import('../snapshot/snapshot.ts');
  const snapshot = await openSnapshot(store, name, { onNotice: (text) => output.notice(text) });
  const { reference, path } = snapshot;
  output.doing(`listing snapshot ${reference.id}`);
  output.beginList({ snapshot: reference.id, path }, 'entries');
  const count = await printList(context, elements(snapshot, flags), { isNul: flags.null });
  output.result(
    output.mode === 'events' ? { snapshot: reference.id, path, entries: count } : {},
    '',
  );
  return EXIT.done;
}

async function* elements(snapshot: Snapshot, flags: LsFlags): AsyncGenerator<Element> {
  const long = flags.long ? new LongRows(snapshot.reference) : undefined;
  const form = { long, isNul: flags.null };
  const start = snapshot.entry?.type === 'directory' ? snapshot.path.length + 1 : 0;
  for await (const entry of flags.recursive ? snapshot.entries() : snapshot.children())
    yield {
      event: 'entry',
      text: () => entryLine(entry, entry.path.slice(start), form),
      value: () => entryJson(entry),
    };
}
