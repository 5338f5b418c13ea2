/** Of the commands that take contents in, and give one back. */
import { FAILED, type Notes, READER_GONE, SIGNALS, STORE, UNITS, USAGE } from './note-parts.ts';

export const INGEST_NOTES = {
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
} satisfies Record<string, Notes>;
