import type { CommandOutline, OptionOutline, ProgramOutline, Value } from './outline.ts';

/** A script for fish: `ingot completion fish > ~/.config/fish/completions/ingot.fish`. */
export function fishCompletion({ commands, options }: ProgramOutline): string {
  const lines = [
    ...options.map((option) => optionLine('__ingot_at_command', option)),
    ...commands.map(({ name, description }) =>
      complete('__ingot_at_command', `-a ${name}`, description),
    ),
    ...commands.flatMap(commandLines),
  ];
  return `# Completion of ingot for fish, made by: ingot completion fish
function __ingot_at_command
    test (count (commandline -opc)) -eq 1
end
function __ingot_in
    set -l words (commandline -opc)
    test (count $words) -gt 1; and test $words[2] = $argv[1]
end
function __ingot_at_option
    string match -q -- '-*' (commandline -ct)
end
complete -c ingot -f
${lines.join('\n')}
`;
}

function commandLines({ name, options, arguments: places }: CommandOutline): string[] {
  const when = `__ingot_in ${name}`;
  return [
    ...options.flatMap((option) => [
      optionLine(when, option),
      ...option.attached.map((word) =>
        complete(`${when}; and __ingot_at_option`, `-a ${option.long}=${word}`, option.description),
      ),
    ]),
    ...places.map(({ value }) => complete(when, valueFlags(value))),
  ];
}

function optionLine(when: string, { short, long, value, description }: OptionOutline): string {
  const flags = [
    ...(short === undefined ? [] : [`-s ${short.slice(1)}`]),
    `-l ${long.slice(2)}`,
    ...(value === undefined ? [] : ['-r', valueFlags(value.value)]),
  ];
  return complete(when, flags.join(' '), description);
}

/** Without -F nothing offers names of files. */
function valueFlags(value: Value): string {
  switch (value.kind) {
    case 'words':
      return `-f -a ${quoted(value.words.join(' '))}`;
    case 'file':
      return '-F';
    case 'directory':
      return "-f -a '(__fish_complete_directories)'";
    default:
      return '-f';
  }
}

function complete(when: string, flags: string, description?: string): string {
  const says = description === undefined ? '' : ` -d ${quoted(description)}`;
  return `complete -c ingot -n ${quoted(when)} ${flags}${says}`;
}

function quoted(text: string): string {
  return `'${text.replace(/['\\]/g, '\\$&')}'`;
}
