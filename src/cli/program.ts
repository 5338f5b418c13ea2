import fs from 'node:fs';
import { Command, CommanderError } from 'commander';
import { EXIT } from './fail.ts';
import { addGet } from './get.ts';
import { addIngest } from './ingest.ts';
import { spellEventsFlag } from './options.ts';
import { addPut } from './put.ts';
import { addRelayout } from './relayout.ts';
import { addStats } from './stats.ts';
import { addVerify } from './verify.ts';

/** Runs one command line; its exit code ends up in process.exitCode. */
export async function run(args: readonly string[]): Promise<void> {
  if (args.length === 0) return refuse('no command given; see ingot --help');
  try {
    await buildProgram().parseAsync(spellEventsFlag(args), { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    process.exitCode = error.exitCode === 0 ? EXIT.done : EXIT.usage;
  }
}

function buildProgram(): Command {
  const program = new Command('ingot')
    .description('Fast, durable ingest of directory trees into a content-addressed store')
    .option('-V, --version', 'print the version')
    .on('option:version', () => {
      process.stdout.write(`${version()}\n`);
      throw new CommanderError(EXIT.done, 'ingot.version', '');
    })
    // Inherited by the commands that are added from here on.
    .exitOverride()
    .configureOutput({ outputError: (text) => refuse(usageLine(text)) });
  for (const add of [addIngest, addPut, addGet, addVerify, addRelayout, addStats]) add(program);
  return program;
}

function refuse(why: string): void {
  process.stderr.write(`ingot: ${why}\n`);
  process.exitCode = EXIT.usage;
}

/** Commander's "error: unknown option '--x'\n(Did you mean --y?)" as the rest of one line. */
function usageLine(text: string): string {
  return text
    .replace(/^error: /, '')
    .trim()
    .replace(/\s*\n\s*/g, ' ');
}

function version(): string {
  const path = new URL('../../../package.json', import.meta.url);
  return (JSON.parse(fs.readFileSync(path, 'utf8')) as { version: string }).version;
}
