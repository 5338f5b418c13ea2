/** Of the commands that look at snapshots, and give them back. */
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

export const SNAPSHOT_NOTES = {
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
} satisfies Record<string, Notes>;
