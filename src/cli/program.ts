import fs from 'node:fs';
import { Command, CommanderError } from 'commander';
import { failed, hasErrno, IngotError } from '../errors.ts';
import { PACKAGE_FILE } from '../places.ts';
import { EXIT } from './fail.ts';
import { toDocument, toLine } from './json.ts';
import { spellOptionalValues } from './options.ts';

type AddCommand = (program: Command) => void;

/** In the order of the help. Only the one that is run is loaded: each module costs start-up time. */
const COMMANDS: Readonly<Record<string, () => Promise<AddCommand>>> = {
  ingest: async () => (await import('./ingest.ts')).addIngest,
  put: async () => (await import('./put.ts')).addPut,
  get: async () => (await import('./get.ts')).addGet,
  verify: async () => (await import('./verify.ts')).addVerify,
  relayout: async () => (await import('./relayout.ts')).addRelayout,
  stats: async () => (await import('./stats.ts')).addStats,
  doctor: async () => (await import('./doctor.ts')).addDoctor,
  selftest: async () => (await import('./selftest.ts')).addSelftest,
};

const NO_COMMAND = 'no command given; see ingot --help';

/** Runs one command line; its exit code ends up in process.exitCode. */
export async function run(args: readonly string[]): Promise<void> {
  const [first, topic = ''] = args;
  if (first === undefined) return refuse(NO_COMMAND, args);
  // Commander would take it for a call without a command.
  if (first === 'help' && /^[^-]/.test(topic) && !Object.hasOwn(COMMANDS, topic))
    return refuse(`unknown command '${topic}'; see ingot --help`, args);
  try {
    const program = await buildProgram(args);
    await program.parseAsync(spellOptionalValues(args), { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    process.exitCode = error.exitCode === 0 ? EXIT.done : EXIT.usage;
  }
}

/** With the command that the arguments begin with, or with all. */
export async function buildProgram(args: readonly string[]): Promise<Command> {
  const [name = ''] = args;
  const program = new Command('ingot')
    .description('Fast, durable ingest of directory trees into a content-addressed store')
    .option('-V, --version', 'print the version')
    .on('option:version', () => {
      process.stdout.write(`${version()}\n`);
      throw new CommanderError(EXIT.done, 'ingot.version', '');
    })
    .hook('preAction', requireWorkingDirectory)
    // Inherited by the commands that are added from here on.
    .exitOverride()
    .configureOutput({
      outputError: (text) => refuse(usageLine(text), args),
      // What commander would write is its whole help, when options came without a command.
      writeErr: () => refuse(NO_COMMAND, args),
    });
  const names = Object.keys(COMMANDS);
  for (const each of names)
    if (each === name || !names.includes(name)) (await COMMANDS[each]!())(program);
  return program;
}

/** Neither Node's threads nor fast-glob can begin in a directory that has been removed. */
function requireWorkingDirectory(): void {
  try {
    process.cwd();
  } catch (error) {
    const what = 'cannot find the working directory';
    const path = process.env.PWD;
    if (!hasErrno(error, 'ERANGE'))
      throw failed(what, error, { path, hint: 'change to a directory that exists' });
    // It exists, but getcwd(3) has no room for it.
    const why = 'its path is too long';
    const hint = 'change to a directory with a shorter path';
    throw new IngotError({ what, code: 'ERANGE', path, why, hint }, error);
  }
}

/** Reports a command line for which no command ran. Machines get it like any other error. */
function refuse(why: string, args: readonly string[]): void {
  process.stderr.write(`ingot: ${why}\n`);
  const error = { what: 'wrong usage', code: 'INGOT_USAGE', why };
  const asked = args.slice(0, args.indexOf('--') >>> 0);
  if (asked.includes('--json=events')) process.stdout.write(toLine({ event: 'error', error }));
  else if (asked.includes('--json')) process.stdout.write(toDocument({ error }));
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
  return (JSON.parse(fs.readFileSync(PACKAGE_FILE, 'utf8')) as { version: string }).version;
}
