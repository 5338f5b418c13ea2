import type {
  ArgumentOutline,
  CommandOutline,
  OptionOutline,
  ProgramOutline,
  Value,
} from './outline.ts';

/** A script for zsh: sourced after compinit, or as a file `_ingot` in a folder of $fpath. */
export function zshCompletion({ commands, options }: ProgramOutline): string {
  const described = commands.map(
    ({ name, description }) => `        ${quoted(`${name}:${description.replaceAll(':', '\\:')}`)}`,
  );
  return `#compdef ingot
# Completion of ingot for zsh, made by: ingot completion zsh
_ingot() {
  local curcontext=$curcontext state line
  local -A opt_args
  _arguments -C \\
${options.map((option) => `    ${optionSpec(option)} \\\n`).join('')}    '1:command:->command' \\
    '*::argument:->arguments'
  case $state in
    command)
      local -a commands=(
${described.join('\n')}
      )
      _describe -t commands command commands
      ;;
    arguments)
      case $words[1] in
${commands.map(commandCase).join('\n')}
      esac
      ;;
  esac
}
if [[ $funcstack[1] == _ingot ]]; then _ingot "$@"; else compdef _ingot ingot; fi
`;
}

function commandCase({ name, options, arguments: places }: CommandOutline): string {
  const specs = [...options.map(optionSpec), ...places.map(argumentSpec)];
  return `        ${name})\n          _arguments -s -S ${specs.map((spec) => `\\\n            ${spec}`).join(' ')}\n          ;;`;
}

/** `'(-o --output)'{-o+,--output=}'[what it does]:file:_files'` */
function optionSpec({
  short,
  long,
  description,
  value,
  attached,
  repeatable,
}: OptionOutline): string {
  const action =
    value !== undefined
      ? `:${value.name}:${actionOf(value.value)}`
      : attached.length > 0
        ? `::word:(${attached.join(' ')})`
        : '';
  const says = `[${description.replace(/[[\]:\\]/g, '\\$&')}]${action}`;
  const longFlag = `${long}${value !== undefined ? '=' : attached.length > 0 ? '=-' : ''}`;
  if (short === undefined) return quoted(`${repeatable ? '*' : ''}${longFlag}${says}`);
  const shortFlag = `${short}${value === undefined ? '' : '+'}`;
  const excluded = repeatable ? `'*'` : quoted(`(${short} ${long})`);
  return `${excluded}{${shortFlag},${longFlag}}${quoted(says)}`;
}

function argumentSpec({ name, variadic, value }: ArgumentOutline, at: number): string {
  // Without a guard an option would be taken for the argument.
  const action = value.kind === 'text' ? `_guard "^-*" ${name}` : actionOf(value);
  return quoted(`${variadic ? '*' : at + 1}:${name}:${action}`);
}

function actionOf(value: Value): string {
  switch (value.kind) {
    case 'words':
      return `(${value.words.join(' ')})`;
    case 'file':
      return '_files';
    case 'directory':
      return '_files -/';
    default:
      return '';
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
