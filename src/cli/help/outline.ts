/** The command line as plain data, read from the program: completions and the man page come of it. */
import type { Argument, Command, Help, Option } from 'commander';

/** What may stand in a place: names of files or directories, one of some words, or anything. */
export type Value =
  | { readonly kind: 'file' | 'directory' | 'text' }
  | { readonly kind: 'words'; readonly words: readonly string[] };

export interface OptionOutline {
  readonly short: string | undefined;
  readonly long: string;
  readonly description: string;
  /** The description with choices and default. */
  readonly details: string;
  /** The value that has to follow, and the name that stands for it in the help. */
  readonly value: { readonly name: string; readonly value: Value } | undefined;
  /** Words that may follow after `=` only. */
  readonly attached: readonly string[];
  readonly repeatable: boolean;
}

export interface ArgumentOutline {
  readonly name: string;
  readonly description: string;
  readonly variadic: boolean;
  readonly value: Value;
}

export interface CommandOutline {
  readonly name: string;
  readonly usage: string;
  readonly description: string;
  readonly options: readonly OptionOutline[];
  readonly arguments: readonly ArgumentOutline[];
}

export interface ProgramOutline extends CommandOutline {
  /** With `help`. */
  readonly commands: readonly CommandOutline[];
}

/** `program` has all its commands. */
export function outlineOf(program: Command): ProgramOutline {
  const helper = program.createHelp();
  const commands = helper.visibleCommands(program);
  const names = commands.map((command) => command.name());
  return {
    ...commandOutline(program, helper, names),
    commands: commands.map((command) => commandOutline(command, helper, names)),
  };
}

function commandOutline(
  command: Command,
  helper: Help,
  commands: readonly string[],
): CommandOutline {
  return {
    name: command.name(),
    usage: helper.commandUsage(command),
    description: command.description(),
    options: helper.visibleOptions(command).map((option) => ({
      short: option.short,
      long: option.long!,
      description: option.description,
      details: helper.optionDescription(option),
      value: optionValue(option),
      attached: attachedWords(option),
      repeatable: option.description.includes('(repeatable)'),
    })),
    arguments: command.registeredArguments.map((argument) => ({
      name: argument.name(),
      description: argument.description,
      variadic: argument.variadic,
      value: argument.name() === 'command' ? wordsOf(commands) : argumentValue(argument),
    })),
  };
}

/** An option whose value is optional takes it after `=` only: what follows is the next argument. */
function attachedWords({ long, optional, argChoices = [] }: Option): readonly string[] {
  if (long === '--json') return ['events'];
  return optional ? argChoices : [];
}

function optionValue(option: Option): OptionOutline['value'] {
  const name = /<(.+)>/.exec(option.flags)?.[1];
  if (name === undefined) return undefined;
  return {
    name,
    value: option.argChoices ? wordsOf(option.argChoices) : (VALUES.get(name) ?? TEXT),
  };
}

function argumentValue(argument: Argument): Value {
  if (argument.argChoices) return wordsOf(argument.argChoices);
  return VALUES.get(argument.name()) ?? TEXT;
}

const TEXT: Value = { kind: 'text' };

/** By the name that stands for a value in the help. */
const VALUES: ReadonlyMap<string, Value> = new Map([
  ['file', { kind: 'file' }],
  ['source', { kind: 'file' }],
  ['dir', { kind: 'directory' }],
  ['before', { kind: 'directory' }],
  ['after', { kind: 'directory' }],
]);

function wordsOf(words: readonly string[]): Value {
  return { kind: 'words', words };
}
