/** What --help and the man page say of each command besides its options. */
import { FAILED, type Notes, READER_GONE, SIGNALS, UNITS, USAGE } from './note-parts.ts';
import { INGEST_NOTES } from './notes-ingest.ts';
import { SNAPSHOT_NOTES } from './notes-snapshots.ts';
import { STORE_NOTES } from './notes-store.ts';

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
  ...INGEST_NOTES,
  ...SNAPSHOT_NOTES,
  ...STORE_NOTES,
} satisfies Record<string, Notes>;

/** The commands that there are. */
export type CommandName = Exclude<keyof typeof NOTES, 'ingot'>;
