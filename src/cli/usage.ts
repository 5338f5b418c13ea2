/** A command line that is no good, in one line: what is wrong with it, and what to write instead. */
import type { CommanderError } from 'commander';

/** `args` is the command line, `commands` are those that there are. */
export function usageLine(
  { code, message }: Pick<CommanderError, 'code' | 'message'>,
  args: readonly string[],
  commands: readonly string[],
): string {
  const [name = ''] = args;
  const list = `the commands are ${commands.join(', ')}; see 'ingot --help'`;
  if (code === 'commander.help') return `no command given; ${list}`;
  // Commander's "error: unknown option '--x'\n(Did you mean --y?)".
  const what = message
    .replace(/^error: /, '')
    .replace(/\s*\n\s*/g, ' ')
    .replace(/\.?\s*$/, '');
  const instead = code === 'commander.unknownCommand' ? INSTEAD.get(name) : undefined;
  if (instead !== undefined) return `${what}: ${instead}`;
  if (what.includes('Did you mean') || code === 'commander.invalidArgument') return what;
  if (code === 'commander.unknownCommand') return `${what}; ${list}`;
  if (!commands.includes(name))
    return `${what}; the command comes first, as in 'ingot ingest SOURCE --store DIR'; see 'ingot --help'`;
  const sibling = code === 'commander.excessArguments' ? TOO_MANY.get(name) : undefined;
  return `${what}; ${sibling ?? `see 'ingot ${name} --help'`}`;
}

const NAME_THE_STORE = 'name the store with --store DIR';

/** What was probably meant by more arguments than a command takes. */
const TOO_MANY: ReadonlyMap<string, string> = new Map([
  ['put', "'ingot ingest' takes any number of files"],
  ['get', 'give one digest at a time'],
  ['ls', 'give one snapshot at a time'],
  ['cat', 'give one file at a time'],
  ['log', 'give one path at a time'],
  ['export', 'give one snapshot at a time'],
  ['verify', NAME_THE_STORE],
  ['relayout', NAME_THE_STORE],
  ['stats', NAME_THE_STORE],
  ['snapshots', NAME_THE_STORE],
  ['doctor', NAME_THE_STORE],
]);

/** What there is for those who look for a command that other programs have. */
const INSTEAD: ReadonlyMap<string, string> = new Map(
  (
    [
      [
        ['list', 'tree', 'dir'],
        "'ingot ls' lists a snapshot, 'ingot snapshots' lists the snapshots",
      ],
      [['history', 'versions'], "use 'ingot log PATH'"],
      [['search', 'locate', 'grep'], "'ingot find PATTERN' finds entries by name"],
      [
        ['extract', 'checkout', 'mount', 'dump', 'recover'],
        "'ingot restore SNAP TARGET' gives a tree back, 'ingot cat SNAP:PATH' one file",
      ],
      [
        ['rm', 'remove', 'delete', 'prune', 'clean'],
        "use 'ingot forget SNAPSHOT', then 'ingot gc'; 'ingot verify --quarantine' moves damaged objects aside",
      ],
      [['compare', 'changes'], "use 'ingot diff BEFORE AFTER'"],
      [['status'], "'ingot plan SOURCE' shows what would be stored"],
      [['show', 'cat-file'], "use 'ingot cat SNAPSHOT:PATH' or 'ingot get DIGEST'"],
      [
        ['add', 'backup', 'import', 'save', 'create', 'commit', 'copy', 'cp', 'archive'],
        "use 'ingot ingest SOURCE'",
      ],
      [['hash-object', 'hash'], "'ingot put FILE' stores a file and prints its digest"],
      [['check', 'fsck', 'scrub'], "use 'ingot verify'"],
      [
        ['repair'],
        "use 'ingot verify --repair-from STORE', or --quarantine and ingest the sources again",
      ],
      [['init'], "there is no need: 'ingot ingest' and 'ingot put' create the store"],
      [['info', 'du', 'df'], "use 'ingot stats'"],
      [['bench', 'benchmark'], "'ingot doctor' measures the disk"],
      [['test', 'self-test'], "use 'ingot selftest DIR'"],
      [['man'], "use 'ingot help COMMAND'"],
    ] as const
  ).flatMap(([names, text]) => names.map((name) => [name, text] as const)),
);
