/** Of the commands that look after a store, and of those that need none. */
import {
  DAMAGED,
  FAILED,
  NAMES_OF_SNAPSHOTS,
  type Notes,
  READER_GONE,
  SIGNALS,
  STORE,
  UNITS,
  USAGE,
} from './note-parts.ts';

export const STORE_NOTES = {
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
