import type { Command } from 'commander';
import { IngotError, printable } from '../errors.ts';
import type { Change, Difference, Field } from '../snapshot/diff/change.ts';
import type { Compared } from '../snapshot/diff/side.ts';
import { bytes, count } from '../units.ts';
import { type CommandContext, runCommand } from './command.ts';
import { entryJson, modeText } from './entry-text.ts';
import { EXIT } from './fail.ts';
import { printList } from './list.ts';
import { addCommonOptions, type CommonFlags, storeOf } from './options.ts';
import type { Element } from './output.ts';

interface DiffFlags extends CommonFlags {
  readonly checksum?: boolean;
  readonly nameOnly?: boolean;
  readonly null?: boolean;
  readonly exitCode?: boolean;
}

/** `ingot diff A B` */
export function addDiff(program: Command): void {
  const command = program
    .command('diff')
    .description('show what differs between two snapshots, or a snapshot and a directory')
    .argument('<before>', 'SNAPSHOT, SNAPSHOT:PATH, or a directory such as ./data')
    .argument('<after>', 'the same')
    .option('--checksum', 'read all files of a directory that have the same size')
    .option('--name-only', 'show paths only')
    .option('-0, --null', 'show paths only, each with a NUL byte at its end, and change none')
    .option('--exit-code', 'exit with 1 if they differ, and with 2 if it failed; so does -q');
  addCommonOptions(command).action((a: string, b: string, flags: DiffFlags) =>
    runDiff(a, b, flags),
  );
}

async function runDiff(a: string, b: string, flags: DiffFlags): Promise<void> {
  const isAnswer = flags.exitCode === true || flags.quiet === true;
  let found: Summary | undefined;
  await runCommand(flags, 'stop', async (context) => {
    found = await compare([a, b], flags, context);
    if (found.unreadable > 0) return EXIT.incomplete;
    return isAnswer && found.differ ? EXIT.failed : EXIT.done;
  });
  // As diff(1): 1 is an answer.
  if (isAnswer && found === undefined && process.exitCode === EXIT.failed)
    process.exitCode = EXIT.usage;
}

class Summary {
  readonly counts: Record<Change, number> = {
    added: 0,
    removed: 0,
    modified: 0,
    type: 0,
    metadata: 0,
  };
  unreadable = 0;

  get differ(): boolean {
    return Object.values(this.counts).some((number) => number > 0);
  }

  text(): string {
    const { added, removed, modified, type, metadata } = this.counts;
    const what = `${count(added)} added, ${count(removed)} removed, ${count(modified)} modified`;
    return `${what}, ${count(type)} of another type, ${count(metadata)} with other metadata\n`;
  }
}

async function compare(
  [a, b]: readonly [string, string],
  flags: DiffFlags,
  context: CommandContext,
): Promise<Summary> {
  const { output, signal } = context;
  const store = storeOf(flags);
  const { diff } = await import('../snapshot/diff/diff.ts');
  const summary = new Summary();
  output.doing('comparing');
  const differences = diff(store, a, b, {
    checksum: flags.checksum,
    signal,
    onUnreadable: (failure) => {
      summary.unreadable++;
      output.say(new IngotError(failure).message);
      output.event({ event: 'unreadable', failure });
    },
  });
  output.beginList({ before: a, after: b }, 'differences');
  await printList(context, elements(differences, flags, summary), { isNul: flags.null });
  const { counts, unreadable } = summary;
  const isSummed = !flags.quiet && !flags.nameOnly && !flags.null;
  output.result({ counts, unreadable }, isSummed ? summary.text() : '');
  return summary;
}

async function* elements(
  differences: AsyncIterable<Difference>,
  flags: DiffFlags,
  { counts }: Summary,
): AsyncGenerator<Element> {
  const isJson = flags.json === true || flags.jsonEvents === true;
  for await (const difference of differences) {
    counts[difference.change]++;
    if (flags.quiet === true && !isJson) return;
    yield {
      event: 'difference',
      text: () => lineOf(difference, flags),
      value: () => {
        const { before, after, ...rest } = difference;
        return { ...rest, before: before && entryJson(before), after: after && entryJson(after) };
      },
    };
  }
}

function lineOf(difference: Difference, { nameOnly, null: isNul }: DiffFlags): string {
  const { path, change } = difference;
  if (isNul) return `${path || '.'}\0`;
  const shown = printable(path) || '.';
  return nameOnly ? `${shown}\n` : `${change.padEnd(WIDTH)}  ${shown}${remarkOn(difference)}\n`;
}

const WIDTH = 'metadata'.length;

/** What was and what is, as far as it says more than the word. */
function remarkOn({ change, before, after, fields }: Difference): string {
  if (before === undefined || after === undefined) return '';
  if (change === 'type') return ` (${before.type} -> ${after.type})`;
  const parts = fields.flatMap((field) => fieldText(field, before, after) ?? []);
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}

function fieldText(field: Field, before: Compared, after: Compared): string | undefined {
  switch (field) {
    case 'size':
      return `${sizeText(before)} -> ${sizeText(after)}`;
    case 'target':
      return `${targetText(before)} -> ${targetText(after)}`;
    case 'mode':
      return `${modeText(before)} -> ${modeText(after)}`;
    case 'uid':
    case 'gid':
      return `${field} ${idText(before, field)} -> ${idText(after, field)}`;
    case 'why':
    case 'lacks':
    case 'group':
    case 'xattrs':
    case 'mtime':
      return NAMES[field];
    default:
      return undefined;
  }
}

const NAMES = {
  why: 'missing for another reason',
  lacks: 'other entries missing',
  group: 'hard links',
  xattrs: 'extended attributes',
  mtime: 'time',
};

function sizeText(entry: Compared): string {
  return entry.type === 'file' ? bytes(entry.size) : '';
}

function targetText(entry: Compared): string {
  return entry.type === 'link' ? printable(entry.target) : '';
}

function idText(entry: Compared, field: 'uid' | 'gid'): string {
  return entry.type === 'missing' ? '' : String(entry[field]);
}
