import type { Command } from 'commander';
import type { Found } from '../snapshot/find.ts';
import { type CommandContext, runCommand } from './command.ts';
import { entryJson, entryLine, LongRows } from './entry-text.ts';
import type { ExitCode } from './fail.ts';
import { DamageReport, printList } from './list.ts';
import { addCommonOptions, type CommonFlags, storeOf } from './options.ts';
import type { Element } from './output.ts';

interface FindFlags extends CommonFlags {
  readonly long?: boolean;
  readonly null?: boolean;
}

/** `ingot find PATTERN [SNAPSHOT[:PATH]...]` */
export function addFind(program: Command): void {
  const command = program
    .command('find')
    .description('find entries by name, in all snapshots or those that are named')
    .argument('<pattern>', 'as in .gitignore: with a slash it is about the whole path')
    .argument('[snapshot...]', 'SNAPSHOT or SNAPSHOT:PATH (default: all snapshots)')
    .option('-l, --long', 'show mode, owner, group, size, time and target, as ls -l does')
    .option('-0, --null', 'end each line with a NUL byte, and change no name');
  addCommonOptions(command).action((pattern: string, names: string[], flags: FindFlags) =>
    runCommand(flags, 'stop', (context) => runFind(pattern, names, flags, context)),
  );
}

async function runFind(
  pattern: string,
  names: readonly string[],
  flags: FindFlags,
  context: CommandContext,
): Promise<ExitCode> {
  const { output, signal } = context;
  const store = storeOf(flags);
  const { find } = await import('../snapshot/find.ts');
  const report = new DamageReport(output);
  output.doing('searching the snapshots');
  const snapshots = names.length === 0 ? undefined : names;
  const found = find(store, pattern, { snapshots, signal, onDamaged: report.add });
  output.beginList({ pattern }, 'entries');
  const count = await printList(context, elements(found, flags), { isNul: flags.null });
  const { found: damaged } = report;
  output.result(
    output.mode === 'events' ? { pattern, entries: count, damaged: damaged.length } : { damaged },
    '',
  );
  return report.exitCode;
}

async function* elements(found: AsyncIterable<Found>, flags: FindFlags): AsyncGenerator<Element> {
  let rows: { readonly id: string; readonly long: LongRows } | undefined;
  for await (const { snapshot, entry } of found) {
    const { id } = snapshot;
    if (flags.long && rows?.id !== id) rows = { id, long: new LongRows(snapshot) };
    const form = { long: rows?.long, isNul: flags.null };
    yield {
      event: 'entry',
      text: () => entryLine(entry, `${id}:${entry.path}`, form),
      value: () => ({ snapshot: id, ...entryJson(entry) }),
    };
  }
}
