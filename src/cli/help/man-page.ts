/** The man page ingot(1), in the man macros that man-db and mandoc read. */
import type { Notes } from './note-parts.ts';
import { NOTES } from './notes.ts';
import type { CommandOutline, OptionOutline, ProgramOutline } from './outline.ts';

export function manPage(program: ProgramOutline, version: string): string {
  const { name, usage, description, options, commands } = program;
  const lines = [
    `.TH INGOT 1 "" "ingot ${version}" "User Commands"`,
    '.SH NAME',
    `${text(name)} \\- ${text(description)}`,
    '.SH SYNOPSIS',
    bold(usage),
    '.SH DESCRIPTION',
    sentence(description),
    ...paragraphs(NOTES.ingot.more),
    '.SH OPTIONS',
    ...options.flatMap(optionLines),
    '.SH COMMANDS',
    ...commands.flatMap(commandLines),
    '.SH EXIT STATUS',
    ...exitLines(NOTES.ingot),
    '.SH ENVIRONMENT',
    '.TP',
    bold('INGOT_STORE'),
    'The store of a command that has no \\fB\\-\\-store\\fR.',
    '.SH EXAMPLES',
    'Each command above has examples of its own.',
    ...exampleLines(NOTES.ingot),
  ];
  return `${lines.join('\n')}\n`;
}

function commandLines(command: CommandOutline): string[] {
  const { name, usage, description, options, arguments: places } = command;
  const notes = (NOTES as Partial<Record<string, Notes>>)[name];
  return [
    `.SS ${usage.split(' ').map(text).join(' ')}`,
    sentence(description),
    ...paragraphs(notes?.more),
    ...places.flatMap((place) => ['.TP', italic(place.name), sentence(place.description)]),
    ...options.flatMap(optionLines),
    ...(notes === undefined ? [] : [...heading('Exit codes'), ...exitLines(notes)]),
    ...(notes === undefined ? [] : [...heading('Examples'), ...exampleLines(notes)]),
  ];
}

function heading(name: string): string[] {
  return ['.PP', `${bold(name)}:`];
}

function paragraphs(list: readonly string[] = []): string[] {
  return list.flatMap((paragraph) => ['.PP', sentence(paragraph)]);
}

function optionLines({ short, long, value, attached, details }: OptionOutline): string[] {
  const flags = short === undefined ? bold(long) : `${bold(short)}, ${bold(long)}`;
  const rest = value === undefined ? attached.map((word) => `[=${word}]`).join('') : '';
  return [
    '.TP',
    value === undefined ? `${flags}${text(rest)}` : `${flags} ${italic(value.name)}`,
    sentence(details),
  ];
}

function exitLines({ exits }: Notes): string[] {
  return exits.flatMap(([codes, means]) => ['.TP', bold(codes), sentence(means)]);
}

function exampleLines({ examples }: Notes): string[] {
  return examples.flatMap(([line, does]) => [
    '.PP',
    sentence(does),
    '.PP',
    '.RS 4',
    '.EX',
    text(line),
    '.EE',
    '.RE',
  ]);
}

function bold(words: string): string {
  return `\\fB${text(words)}\\fR`;
}

function italic(words: string): string {
  return `\\fI${text(words)}\\fR`;
}

/** The help has sentences without their capital and full stop. */
function sentence(words: string): string {
  const whole = words.replace(/^[a-z]/, (first) => first.toUpperCase());
  return text(/[.:]$/.test(whole) ? whole : `${whole}.`);
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\e',
  '-': '\\-',
  "'": '\\(aq',
  '"': '\\(dq',
  '`': '\\(ga',
  '^': '\\(ha',
  '~': '\\(ti',
};

/** What roff would take for its own is escaped, a dot at the start of a line, too. */
function text(words: string): string {
  return words.replace(/[\\\-'"`^~]/g, (sign) => ESCAPES[sign]!).replace(/^\./, '\\&.');
}
