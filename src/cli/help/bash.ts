import type { CommandOutline, OptionOutline, ProgramOutline, Value } from './outline.ts';

/** A script for bash 4 or newer: `source <(ingot completion bash)`. */
export function bashCompletion(program: ProgramOutline): string {
  const { commands, options } = program;
  const first = [...commands.map(({ name }) => name), ...options.flatMap(flagsOf)];
  return `# Completion of ingot for bash, made by: ingot completion bash
_ingot_words() {
  mapfile -t COMPREPLY < <(compgen -W "$1" -- "$current")
  compopt +o default
}
_ingot_directories() { compopt +o default -o dirnames; }
_ingot_nothing() { compopt +o default; }

# Where it gives nothing, bash completes names of files.
_ingot() {
  local current=\${COMP_WORDS[COMP_CWORD]} option=\${COMP_WORDS[COMP_CWORD - 1]} attached=
  COMPREPLY=()
  # Bash takes = for a word of its own.
  if [[ $current == '=' ]]; then
    current= attached='='
  elif [[ $option == '=' ]]; then
    option=\${COMP_WORDS[COMP_CWORD - 2]} attached='='
  fi
  if ((COMP_CWORD == 1)); then
    _ingot_words '${first.join(' ')}'
    return
  fi
  case \${COMP_WORDS[1]}:$option$attached in
${commands.flatMap(valueCases).join('\n')}
  esac
  case \${COMP_WORDS[1]}:$current in
${commands
  .filter(({ options }) => options.length > 0)
  .map(optionCase)
  .join('\n')}
  esac
  case \${COMP_WORDS[1]} in
${commands.map(argumentCase).join('\n')}
  esac
}
complete -o default -F _ingot ingot
`;
}

function flagsOf({ short, long }: OptionOutline): string[] {
  return short === undefined ? [long] : [short, long];
}

/** What follows the options of a command that have values. */
function valueCases({ name, options }: CommandOutline): string[] {
  return options.flatMap((option) => {
    const { long, value, attached } = option;
    const lines =
      attached.length > 0 ? [`    ${name}:${long}=) ${words(attached)}; return ;;`] : [];
    if (value === undefined) return lines;
    const places = flagsOf(option).map((flag) => `${name}:${flag}`);
    return [
      ...lines,
      `    ${[...places, `${name}:${long}=`].join(' | ')}) ${fill(value.value)}; return ;;`,
    ];
  });
}

function optionCase({ name, options }: CommandOutline): string {
  return `    ${name}:-*) ${words(optionWords(options))}; return ;;`;
}

function optionWords(options: readonly OptionOutline[]): string[] {
  return options.flatMap((option) => [
    ...flagsOf(option),
    ...option.attached.map((word) => `${option.long}=${word}`),
  ]);
}

/** A command without arguments has only options to offer; of several the last is a place of files. */
function argumentCase({ name, arguments: places, options }: CommandOutline): string {
  const argument = places.at(-1);
  return `    ${name}) ${argument === undefined ? words(optionWords(options)) : fill(argument.value)} ;;`;
}

function fill(value: Value): string {
  switch (value.kind) {
    case 'words':
      return words(value.words);
    case 'file':
      return ':';
    case 'directory':
      return '_ingot_directories';
    default:
      return '_ingot_nothing';
  }
}

function words(list: readonly string[]): string {
  return `_ingot_words '${list.join(' ')}'`;
}
