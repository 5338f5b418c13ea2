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

const DAMAGED = ['4', 'damage was found'] as const;

const NAMES_OF_SNAPSHOTS =
  "A snapshot is named by its id, the beginning of that, a label (its newest one), LABEL~1 (the one before), 'latest' or latest~1.";
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
      ['ingot ingest ./photos --journal photos.log', 'also notes what becomes of each entry'],
      [
        'ingot ingest --retry photos.log --journal photos.log',
        'takes what failed in the last run of a journal',
      ],
      [
        'ingot ingest /srv/incoming --remove-source --yes',
        'empties a drop folder: what the snapshot has, and has not changed since',
      ],
    ],
    exits: [
      ['0', 'all is stored and durable'],
      FAILED,
      USAGE,
      ['3', 'entries were unreadable, changed or left, or a source was lost'],
      SIGNALS,
    ],
  },
  plan: {
    more: [
      'It reads and hashes the sources, as an ingest does, and stores nothing. Whether the disk has room is said, and changes no exit code.',
      UNITS,
    ],
    examples: [
      ['ingot plan ./photos --store ./store', 'counts what an ingest would add'],
      ['ingot plan ./photos --json', 'the same for programs'],
    ],
    exits: [
      ['0', 'all was read'],
      FAILED,
      USAGE,
      ['3', 'some entries were unreadable or changed, or a source was lost'],
      SIGNALS,
      READER_GONE,
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
      ['1', 'failed: no such object'],
      USAGE,
      ['4', 'the object is damaged'],
      SIGNALS,
      READER_GONE,
    ],
  },
  snapshots: {
    more: [UNITS, 'Times are those of this machine.'],
    examples: [
      ['ingot snapshots --store ./store', 'lists them, with what each has'],
      ['ingot snapshots -q', 'prints their ids'],
      ['ingot snapshots --forgotten', "lists those that 'ingot unforget' can bring back"],
    ],
    exits: [
      ['0', 'all were read'],
      FAILED,
      USAGE,
      ['4', 'some are damaged; each is named'],
      SIGNALS,
      READER_GONE,
    ],
  },
  ls: {
    more: [NAMES_OF_SNAPSHOTS],
    examples: [
      ['ingot ls', 'lists the top of the newest snapshot'],
      ['ingot ls -l latest:photos/2024', 'lists a directory in it, with mode, size and time'],
      ['ingot ls -R nightly~1', 'lists all of the last but one that is called nightly'],
    ],
    exits: [['0', 'all was listed'], FAILED, USAGE, DAMAGED, SIGNALS, READER_GONE],
  },
  cat: {
    more: [NAMES_OF_SNAPSHOTS],
    examples: [
      ['ingot cat latest:report.pdf -o report.pdf', 'gets one file back'],
      ['ingot cat nightly:data.tar | tar -t', 'writes it to a pipe'],
    ],
    exits: [
      ['0', 'all of the content was given out'],
      FAILED,
      USAGE,
      DAMAGED,
      SIGNALS,
      READER_GONE,
    ],
  },
  find: {
    more: [
      "A pattern with a slash is about the whole path, one without about the last name; '**' stands for any directories, and a slash at the end means directories.",
    ],
    examples: [
      ["ingot find 'report*.pdf'", 'finds it in every snapshot'],
      ["ingot find -l 'photos/**/*.raw' latest", 'finds it in the newest'],
    ],
    exits: [['0', 'all was searched'], FAILED, USAGE, DAMAGED, SIGNALS, READER_GONE],
  },
  log: {
    more: [
      'A snapshot is compared with the one before it of the same host and sources.',
      'Times are those of this machine.',
    ],
    examples: [
      ['ingot log report.pdf', 'shows when it was added, changed and removed'],
      ['ingot log photos/2024 --label nightly', 'the same in the snapshots of one label'],
    ],
    exits: [['0', 'all snapshots were looked at'], FAILED, USAGE, DAMAGED, SIGNALS, READER_GONE],
  },
  diff: {
    more: [
      NAMES_OF_SNAPSHOTS,
      "A path with a slash, '.' and '..' are directories or files of this machine, and so is a directory whose name no snapshot has. Of those size, time, mode, type and target are compared; contents are read where the size is the same and the time is not.",
    ],
    examples: [
      ['ingot diff nightly~1 nightly', 'shows what changed between two snapshots'],
      ['ingot diff latest ./photos', 'shows what changed since'],
      ['ingot diff -q latest:2024 ./2024 && echo same', 'only says whether they differ'],
    ],
    exits: [
      ['0', 'they were compared; with --exit-code or -q: they are the same'],
      ['1', 'failed (2 with --exit-code or -q, where 1 is a difference)'],
      USAGE,
      ['3', 'some of a directory could not be read; each is named'],
      DAMAGED,
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
      ['3', 'some entries could not be restored as they were'],
      SIGNALS,
    ],
  },
  export: {
    more: [
      'tar: an archive in pax format. sha256sum: a manifest for sha256sum -c. bagit: the tag files that make a bag of a directory with a restore in data/, as a tar archive. composefs: composefs-dump(5), whose payloads are objects, relative to the store.',
      STORE,
    ],
    examples: [
      ['ingot export latest --format tar | tar x -C DIR', 'unpacks the newest snapshot'],
      [
        'ingot export nightly:photos --format sha256sum -o photos.sha256',
        "lists the files of a directory, for 'sha256sum -c' in a copy of it",
      ],
      [
        'ingot export latest --format bagit | tar x -C BAG',
        'makes a bag of a directory BAG with a restore in BAG/data',
      ],
    ],
    exits: [
      ['0', 'all of it was exported'],
      FAILED,
      USAGE,
      ['3', 'all of it was exported, but the snapshot is not complete'],
      ['4', 'damage was found; the output is cut short'],
      SIGNALS,
      READER_GONE,
    ],
  },
  verify: {
    more: [UNITS],
    examples: [
      ['ingot verify --store ./store', 'hashes all objects, and checks all snapshots'],
      ['ingot verify --store ./store --sample 5%', 'hashes one in twenty, chosen at random'],
      ['ingot verify --snapshot latest', 'hashes what the newest snapshot needs'],
      ['ingot verify --repair-from ./copy', 'takes what is missing or damaged from a copy'],
    ],
    exits: [
      ['0', 'no damage, or all of it was repaired'],
      FAILED,
      USAGE,
      ['3', 'no damage, but some objects could not be looked at'],
      ['4', 'damage was found, and is still there'],
      SIGNALS,
      READER_GONE,
    ],
  },
  forget: {
    more: [
      NAMES_OF_SNAPSHOTS,
      'The rules are applied to groups of snapshots with the same label, host and sources. They count complete snapshots; the newest complete one of a group always stays, and so do those after it. What no rule keeps is forgotten.',
      'A forgotten snapshot is listed no more. Its objects stay, and it can be brought back, until a gc has run.',
    ],
    examples: [
      ['ingot forget nightly~1 3f2a', 'lets go of two snapshots'],
      ['ingot forget --keep-daily 7 --keep-monthly 12', 'lets go of all others, in each group'],
      ['ingot forget --keep-last 7 --gc', 'also frees what only they needed'],
      ['ingot forget --keep-within 30d -n', 'shows which would go, and why the others stay'],
    ],
    exits: [
      ['0', 'done, and durable'],
      FAILED,
      USAGE,
      ['3, 4', 'the same; some are of a newer ingot, or damaged, and named'],
      SIGNALS,
    ],
  },
  unforget: {
    more: ['All that a snapshot needs is looked for first.'],
    examples: [
      ['ingot unforget 3f2a', 'brings one back'],
      ['ingot unforget latest', 'brings back the newest of those that are forgotten'],
    ],
    exits: [['0', 'they are back, and durable'], FAILED, USAGE, DAMAGED, SIGNALS],
  },
  gc: {
    more: [
      'Objects go that forgotten snapshots name, and no other snapshot and no pin. What no snapshot ever named stays, but with --orphans: of that what is older than --older-than, and than every writer that is open.',
      UNITS,
    ],
    examples: [
      ['ingot gc -n --store ./store', 'shows how much it would free'],
      ['ingot gc --store ./store', 'frees it'],
      ['ingot gc --orphans --older-than 30d', 'also takes what interrupted ingests have left'],
    ],
    exits: [
      ['0', 'done, and durable'],
      FAILED,
      USAGE,
      ['3', 'some files could not be removed; the first is named'],
      ['4', 'a snapshot is damaged: nothing was removed'],
      SIGNALS,
    ],
  },
  unpin: {
    more: ["What 'ingot put' stores is pinned, and stays until it is unpinned.", STORE],
    examples: [['ingot unpin DIGEST --store ./store', 'lets go of one object']],
    exits: [['0', 'done, and durable'], ['1', 'failed: it is not pinned'], USAGE, SIGNALS],
  },
  relayout: {
    more: [STORE],
    examples: [
      ['ingot relayout --to sharded --store ./store', 'spreads the objects over 256 folders'],
    ],
    exits: [['0', 'all objects are in the layout'], FAILED, USAGE, SIGNALS],
  },
  stats: {
    more: [
      'OWN is what a gc would free if a snapshot alone were forgotten, SHARED what it needs besides. All snapshots are read; nothing is locked.',
      UNITS,
    ],
    examples: [
      [
        'ingot stats --store ./store',
        'shows objects, bytes, what each snapshot keeps, what gc would free',
      ],
      ['ingot stats --store ./store --json', 'the same for programs'],
    ],
    exits: [
      ['0', 'all objects were counted'],
      FAILED,
      USAGE,
      ['3', 'some objects or snapshots could not be looked at'],
      ['4', 'a snapshot is damaged'],
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
