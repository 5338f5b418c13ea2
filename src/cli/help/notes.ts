/** What --help and the man page say of each command besides its options. */

export interface Notes {
  /** Paragraphs, each of one line. */
  readonly more?: readonly string[];
  /** Command lines, and what they do. */
  readonly examples: readonly (readonly [line: string, does: string])[];
  /** Exit codes, and what they mean. */
  readonly exits: readonly (readonly [codes: string, means: string])[];
}

const FAILED = ['1', 'failed; stderr says why'] as const;
const USAGE = ['2', 'wrong usage'] as const;
const SIGNALS = ['129, 130, 143', 'stopped by SIGHUP, SIGINT, SIGTERM'] as const;
const READER_GONE = ['141', 'nobody reads the output any more'] as const;

const UNITS = 'Sizes and rates are decimal: 1 MB is 1,000,000 bytes.';
const STORE = 'Without --store the store is $INGOT_STORE.';

export const NOTES = {
  ingot: {
    more: [
      "'ingot help COMMAND' shows the options, examples and exit codes of a command.",
      `The store is --store DIR or $INGOT_STORE. ${UNITS}`,
    ],
    examples: [
      ['ingot ingest ./photos --store ./store', 'stores each distinct content once'],
      ['ingot verify --store ./store', 'looks for damage'],
      ['ingot doctor --store ./store', 'tries out the disk and advises settings'],
    ],
    exits: [
      ['0', 'done, and durable'],
      FAILED,
      USAGE,
      ['3', 'done, but not for all entries or objects; each is named'],
      ['4', 'damage was found'],
      SIGNALS,
      READER_GONE,
    ],
  },
  ingest: {
    more: [UNITS],
    examples: [
      ['ingot ingest ./photos --store ./store', 'stores a tree; makes the store if need be'],
      [
        'ingot ingest . --exclude-from .gitignore --manifest ../files.sha256',
        'leaves out what git ignores; writes digest and path of each stored file',
      ],
      [
        "find . -name '*.iso' -print0 | ingot ingest --files-from - -0",
        'stores the files of a list in $INGOT_STORE',
      ],
    ],
    exits: [
      ['0', 'all is stored and durable'],
      FAILED,
      USAGE,
      ['3', 'some entries were unreadable or changed, or a source was lost'],
      SIGNALS,
    ],
  },
  put: {
    more: [STORE],
    examples: [
      ['ingot put report.pdf --store ./store', 'prints the digest of the stored file'],
      ['tar -c ./src | ingot put -', 'stores standard input'],
    ],
    exits: [['0', 'stored and durable'], FAILED, USAGE, SIGNALS],
  },
  get: {
    more: [STORE],
    examples: [
      ['ingot get DIGEST -o report.pdf', 'writes the content to a file'],
      ['ingot get DIGEST | tar -t', 'writes it to a pipe'],
    ],
    exits: [
      ['0', 'all of the content was given out'],
      ['1', 'failed: no such object, or it is damaged'],
      USAGE,
      SIGNALS,
      READER_GONE,
    ],
  },
  restore: {
    more: [
      "What is in a directory goes into TARGET, a file becomes a file in it. Each content is hashed while it is written. After a kill '--overwrite if-changed' goes on: a file gets its time last.",
      'Owners are set only with --owner, and by number; setuid, setgid and security attributes only with --privileged.',
    ],
    examples: [
      ['ingot restore latest ./back --store ./store', 'the newest snapshot'],
      ['ingot restore nightly~1:2024/may ./may', 'a directory of the second newest of a label'],
      [
        'ingot restore latest ./data --overwrite if-changed --delete -n -v',
        'shows what would make a tree what it was',
      ],
    ],
    exits: [
      ['0', 'all is restored; durable only with --fsync'],
      FAILED,
      USAGE,
      ['3', 'some entries could not be restored, or not all of them; each is named'],
      SIGNALS,
    ],
  },
  verify: {
    more: [UNITS],
    examples: [
      ['ingot verify --store ./store', 'hashes all objects'],
      ['ingot verify --store ./store --sample 5%', 'hashes one in twenty, chosen at random'],
    ],
    exits: [
      ['0', 'no damage'],
      FAILED,
      USAGE,
      ['3', 'no damage, but some objects could not be looked at'],
      ['4', 'damage was found'],
      SIGNALS,
      READER_GONE,
    ],
  },
  relayout: {
    more: [STORE],
    examples: [
      ['ingot relayout --to sharded --store ./store', 'spreads the objects over 256 folders'],
    ],
    exits: [['0', 'all objects are in the layout'], FAILED, USAGE, SIGNALS],
  },
  stats: {
    more: [UNITS],
    examples: [
      ['ingot stats --store ./store', 'shows objects, bytes, writers and free space'],
      ['ingot stats --store ./store --json', 'the same for programs'],
    ],
    exits: [
      ['0', 'all objects were counted'],
      FAILED,
      USAGE,
      ['3', 'some objects could not be looked at'],
      SIGNALS,
      READER_GONE,
    ],
  },
  doctor: {
    more: [UNITS],
    examples: [
      ['ingot doctor --store /mnt/disk/store', 'tries out the disk; makes no store there'],
      ['ingot doctor --expect 10000000', 'advises a layout for ten million objects'],
    ],
    exits: [['0', 'the disk was tried out'], FAILED, USAGE, SIGNALS],
  },
  selftest: {
    more: [
      'It ingests, kills, resumes, damages and verifies stores of its own in a folder in DIR, for half a minute or so, without root. With strace installed it also looks at the order of flushes and lets one fail.',
    ],
    examples: [
      ['ingot selftest /mnt/disk', 'tries all guarantees on that disk'],
      ['ingot selftest . --only kills', 'runs one trial'],
    ],
    exits: [
      ['0', 'no guarantee is broken'],
      ['1', 'a guarantee is broken, or it could not be tried'],
      USAGE,
      SIGNALS,
    ],
  },
  completion: {
    examples: [
      ['source <(ingot completion bash)', 'in ~/.bashrc'],
      ['source <(ingot completion zsh)', 'in ~/.zshrc, after compinit'],
      ['ingot completion fish > ~/.config/fish/completions/ingot.fish', 'once'],
    ],
    exits: [['0', 'printed'], USAGE],
  },
  version: {
    examples: [['ingot version', 'the same as ingot --version']],
    exits: [['0', 'printed'], USAGE],
  },
} satisfies Record<string, Notes>;

/** The commands that there are. */
export type CommandName = Exclude<keyof typeof NOTES, 'ingot'>;

const WIDTH = 80;

/** As text that comes after the options, at most 80 columns wide. */
export function notesText({ more = [], examples, exits }: Notes): string {
  const codes = Math.max(...exits.map(([code]) => code.length));
  const lines = [
    ...more.flatMap((text) => ['', ...wrapped(text)]),
    '',
    'Examples:',
    ...examples.flatMap(([line, does]) => [`  ${line}`, `      ${does}`]),
    '',
    'Exit codes:',
    ...exits.map(([code, means]) => `  ${code.padEnd(codes)}  ${means}`),
  ];
  return lines.join('\n');
}

function wrapped(text: string): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const longer = `${lines.at(-1)} ${word}`.trimStart();
    if (longer.length <= WIDTH) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}
