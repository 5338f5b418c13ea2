import type { Readable } from 'node:stream';
import { type Command, Option } from 'commander';
import { codeOf, printable, UsageError } from '../errors.ts';
import type { BagOptions } from '../export/export-bag.ts';
import type { MissingEntry } from '../snapshot/entry.ts';
import { bytes, counted } from '../units.ts';
import { type CommandContext, runCommand } from './command.ts';
import { counting, print, requireOneOutput, save } from './content.ts';
import { EXIT, type ExitCode } from './fail.ts';
import { addCommonOptions, type CommonFlags, outputFile, storeOf } from './options.ts';
import type { Output } from './output.ts';

type Export = (store: string, name: string, options: BagOptions) => Readable;

/** Only the one that is asked for is loaded. */
const EXPORTS = {
  tar: async () => (await import('../export/tar/export-tar.ts')).exportTar,
  sha256sum: async () => (await import('../export/export-manifest.ts')).exportManifest,
  bagit: async () => (await import('../export/export-bag.ts')).exportBag,
  composefs: async () => (await import('../export/export-composefs.ts')).exportComposefs,
} satisfies Record<string, () => Promise<Export>>;

type Format = keyof typeof EXPORTS;
const FORMATS = Object.keys(EXPORTS) as Format[];
/** Not text: tar refuses to write it to a terminal, too. */
const ARCHIVES: ReadonlySet<Format> = new Set(['tar', 'bagit']);

interface ExportFlags extends CommonFlags {
  readonly format: Format;
  readonly output?: string;
}

/** `ingot export SNAP[:PATH] --format FORMAT [-o FILE]` */
export function addExport(program: Command): void {
  const command = program
    .command('export')
    .description('write a snapshot as a tar archive, or a list of its files')
    .argument('<snapshot>', "an id, its beginning, a label, 'latest', LABEL~1; maybe with :PATH")
    .addOption(
      new Option('--format <format>', 'what to make of it').choices(FORMATS).makeOptionMandatory(),
    )
    .option(
      '-o, --output <file>',
      'write there, whole or not at all wherever a rename works (default: stdout)',
      outputFile,
    );
  addCommonOptions(command).action((snapshot: string, flags: ExportFlags) =>
    runCommand(flags, 'stop', (context) => runExport(snapshot, flags, context)),
  );
}

async function runExport(
  snapshot: string,
  flags: ExportFlags,
  { output, signal }: CommandContext,
): Promise<ExitCode> {
  const store = storeOf(flags);
  const { format } = flags;
  const file = flags.output === '-' ? undefined : flags.output;
  requireOneOutput(file, output);
  if (file === undefined) refuseTerminal(format);
  const stream = await EXPORTS[format]();
  const left = new LeftOut();
  let [entries, size] = [0, 0];
  output.doing(() => `${counted(entries, 'entry', 'entries')} exported, ${bytes(size)}`);
  const content = stream(store, snapshot, {
    signal,
    onMissing: (entry) => left.add(entry),
    onLink: () => void left.links++,
    onEntry: (entry) => {
      entries++;
      if (entry.type === 'directory' && entry.lacks !== undefined)
        left.add({ type: 'missing', path: entry.path, why: entry.lacks });
    },
  });
  const chunks = counting(content, (length) => {
    size += length;
  });
  try {
    if (file === undefined) await print(chunks, signal);
    else await save(chunks, file, store, signal);
  } catch (error) {
    if (codeOf(error) !== 'INGOT_DAMAGED') throw error;
    output.fail(error);
    return EXIT.damaged;
  }
  left.say(output);
  if (file !== undefined) {
    const { missing, links } = left;
    output.result({ path: file, format, entries, size, missing, linksLeftOut: links }, '');
  }
  return left.isIncomplete ? EXIT.incomplete : EXIT.done;
}

function refuseTerminal(format: Format): void {
  if (!ARCHIVES.has(format) || !process.stdout.isTTY) return;
  throw new UsageError({
    what: 'cannot write an archive to a terminal',
    code: 'INGOT_USAGE',
    why: 'it is not text',
    hint: "pipe it, as in '| tar x', or name a file with -o FILE",
  });
}

/** So many of what the snapshot lacks are named. */
const NAMED = 10;

/** What trees have, and no snapshot: to lack it is no failure. */
const NO_FAILURES: ReadonlySet<string> = new Set(['vanished', 'socket', 'fifo', 'device', 'other']);

/** What is not in the export, and why. */
class LeftOut {
  missing = 0;
  links = 0;
  /** The snapshot lacks something that was to be recorded. */
  isIncomplete = false;
  readonly #named: MissingEntry[] = [];

  add(entry: MissingEntry): void {
    this.missing++;
    this.isIncomplete ||= !NO_FAILURES.has(entry.why);
    if (this.#named.length < NAMED) this.#named.push(entry);
  }

  say(output: Output): void {
    for (const { path, why } of this.#named)
      output.notice(`not in the snapshot: ${printable(path === '' ? '.' : path)} (${why})`);
    const more = this.missing - this.#named.length;
    if (more > 0) output.notice(`${counted(more, 'more entry', 'more entries')} not in it`);
    if (this.links > 0)
      output.notice(`${counted(this.links, 'link')} not in the manifest, which has files only`);
  }
}
