import { Command, CommanderError } from 'commander';
import { failed, hasErrno, IngotError } from '../errors.ts';
import { EXIT } from './fail.ts';
import { type CommandName, NOTES } from './help/notes.ts';
import { notesText } from './help/notes-text.ts';
import { toDocument, toLine } from './json.ts';
import { spellOptionalValues } from './options.ts';
import { addVersion, printVersion } from './version.ts';

type AddCommand = (program: Command) => void;

/** In the order of the help. Only the one that is run is loaded: each module costs start-up time. */
const COMMANDS: Readonly<Record<CommandName, () => Promise<AddCommand>>> = {
  ingest: async () => (await import('./ingest.ts')).addIngest,
  plan: async () => (await import('./plan.ts')).addPlan,
  put: async () => (await import('./put.ts')).addPut,
  get: async () => (await import('./get.ts')).addGet,
  restore: async () => (await import('./restore.ts')).addRestore,
  snapshots: async () => (await import('./snapshots.ts')).addSnapshots,
  ls: async () => (await import('./ls.ts')).addLs,
  cat: async () => (await import('./cat.ts')).addCat,
  find: async () => (await import('./find.ts')).addFind,
  log: async () => (await import('./log.ts')).addLog,
  diff: async () => (await import('./diff.ts')).addDiff,
  export: async () => (await import('./export.ts')).addExport,
  verify: async () => (await import('./verify.ts')).addVerify,
  forget: async () => (await import('./forget.ts')).addForget,
  unforget: async () => (await import('./unforget.ts')).addUnforget,
  gc: async () => (await import('./gc.ts')).addGc,
  unpin: async () => (await import('./unpin.ts')).addUnpin,
  relayout: async () => (await import('./relayout.ts')).addRelayout,
  stats: async () => (await import('./stats.ts')).addStats,
  doctor: async () => (await import('./doctor.ts')).addDoctor,
  selftest: async () => (await import('./selftest.ts')).addSelftest,
  completion: async () => (await import('./completion.ts')).addCompletion,
  version: async () => addVersion,
};

const COMMAND_NAMES = Object.keys(COMMANDS) as CommandName[];

/** Runs one command line; its exit code ends up in process.exitCode. */
export async function run(args: readonly string[]): Promise<void> {
  const [first, topic = ''] = args;
  // Commander would take it for a call without a command; this gives the error of the topic itself.
  const isUnknownTopic = first === 'help' && /^[^-]/.test(topic) && !Object.hasOwn(COMMANDS, topic);
  const line = isUnknownTopic ? args.slice(1) : args;
  try {
    const program = await buildProgram(line);
    await program.parseAsync(spellOptionalValues(line), { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return;
    const { usageLine } = await import('./usage.ts');
    refuse(usageLine(error, line, COMMAND_NAMES), args);
  }
}

/** The commands that have to be there when the arguments begin with `first`. */
function neededFor(first: string): readonly CommandName[] {
  if (first === '-V' || first === '--version') return [];
  // A completion is made of all commands, and so are the help and most errors.
  if (first === 'completion') return COMMAND_NAMES;
  const command = COMMAND_NAMES.find((name) => name === first);
  return command === undefined ? COMMAND_NAMES : [command];
}

/** With all that the arguments need. */
export async function buildProgram(args: readonly string[]): Promise<Command> {
  const [name = ''] = args;
  const program = new Command('ingot')
    .description('Fast, durable ingest of directory trees into a content-addressed store')
    .option('-V, --version', 'print the version')
    .on('option:version', () => {
      printVersion();
      throw new CommanderError(EXIT.done, 'ingot.version', '');
    })
    .hook('preAction', requireWorkingDirectory)
    // Nearly all have options; without saying so the descriptions have room.
    .configureHelp({
      subcommandTerm: (command) =>
        `${command.name()} ${command.usage().replace(/^\[options\] ?/, '')}`.trimEnd(),
    })
    // Inherited by the commands that are added from here on.
    .exitOverride()
    // What is wrong is in the error that it throws.
    .configureOutput({ outputError: () => {}, writeErr: () => {} });
  for (const each of neededFor(name)) (await COMMANDS[each]())(program);
  for (const command of [program, ...program.commands])
    command.addHelpText('after', () => notesText(NOTES[command.name() as keyof typeof NOTES]));
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
