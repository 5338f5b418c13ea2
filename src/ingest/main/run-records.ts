import { IngotError, isFailure } from '../../errors.ts';
import { nodeFileOps } from '../../files/file-ops.ts';
import type { Libc } from '../../native/libc.ts';
import { DirectoryScan } from '../../record/directory-scan.ts';
import { giveBack } from '../../record/lent-memory.ts';
import type { SharedRecord } from '../../record/record-reader.ts';
import { Records, type Resumed } from '../../record/records.ts';
import { readReference } from '../../snapshot/catalog.ts';
import type { Reference } from '../../snapshot/reference.ts';
import { Devices } from '../../sources/devices.ts';
import type { KnowsDirectory } from '../../sources/walk/tree-reader.ts';
import type { Engine } from '../../store/seam/engine.ts';
import type { MainHalf } from '../../store/seam/write.ts';
import type { IngestOptions } from '../api.ts';
import { EntryBlocks } from '../entry-blocks.ts';
import type { FileXattrs } from '../file-xattrs.ts';
import type { PendingDirectories, RecordSetup } from '../messages.ts';
import { addLines } from '../pending-lines.ts';
import type { KnownCounts } from './count-ahead.ts';
import { DirectoryRecords } from './directory-records.ts';
import { type RuledBy, recordedSources, rulesOf } from './recorded-sources.ts';
import type { MadeSnapshot } from './snapshot-maker.ts';
import type { TreeRecorder } from './tree-recorder.ts';

export interface RecordParts extends RuledBy {
  readonly half: MainHalf;
  readonly libc: Libc | undefined;
  readonly xattrs: FileXattrs;
}

/** How a run went. */
export interface RecordsEnd {
  readonly flushFailed: boolean;
  /** Blocks that workers could not use. */
  readonly damagedBlocks: number;
}

const DAMAGED = 'the record of an earlier run is damaged: what it does not show was read';

/** The records as one run uses them. */
export class RunRecords {
  readonly #records: Records;
  readonly #options: IngestOptions;
  readonly directories: DirectoryRecords;

  private constructor(records: Records, { options, xattrs }: RecordParts) {
    this.#records = records;
    this.#options = options;
    this.directories = new DirectoryRecords(records, xattrs, options.xattrs ?? true);
  }

  /** Undefined where there can be none. Never throws for what they are. */
  static open(parts: RecordParts): RunRecords | undefined {
    const { half, plan, options, libc } = parts;
    if (libc === undefined || half.cacheFolder === undefined) return undefined;
    const records = new Records({
      ...{ folder: () => half.cacheFolder?.(), libc, ops: nodeFileOps },
      sources: recordedSources(plan),
      rules: rulesOf(parts),
      generation: half.opened.generation,
      rescan: options.rescan ?? false,
      dryRun: options.dryRun ?? false,
    });
    return new RunRecords(records, parts);
  }

  /** What workers have to know. */
  get setup(): RecordSetup {
    const { ignoreInode = false, ignoreCtime = false, verifyHits = false } = this.#options;
    return {
      ...{ known: this.#records.shared, isWanted: this.#records.isWritten },
      ...{ inodes: !ignoreInode, ctimes: !ignoreCtime, verifyHits },
    };
  }

  /** Undefined where the names in a directory are to be told, or it may have changed all the same. */
  get known(): KnowsDirectory | undefined {
    const { ignoreInode, ignoreCtime, report, manifest, journal } = this.#options;
    const namesEach = report === 'all' || manifest !== undefined || journal !== undefined;
    if (ignoreInode || ignoreCtime || namesEach) return undefined;
    return (entered) => this.directories.find(entered);
  }

  /** For a walk that only counts. */
  counts(): KnownCounts {
    const counts = this.#records.counts();
    const { xattrs = true } = this.#options;
    return {
      known: ({ inTree, status }) => counts.find(inTree, status, xattrs),
      bytesOf: ({ inTree, known }) => counts.bytesOf(inTree, known!),
    };
  }

  /** The run that was cut off before. */
  get resumed(): Resumed | undefined {
    return this.#records.resumed;
  }

  /** As of Records. */
  get finished(): string | undefined {
    return this.#records.finished;
  }

  /** What a task has learnt, once its objects have their names. */
  add(blocks: Uint8Array): void {
    this.#records.add(blocks);
  }

  takeNotices(): readonly string[] {
    return this.#records.takeNotices();
  }

  /**
   * The snapshot whose tree this run has met again, all of it: nothing was read, and nothing else was
   * met. Its objects were looked for on the way where the store may lack some, its segments are here.
   * Undefined where there is none, or none that can be read.
   */
  async sameTree(
    engine: Engine,
    { wholly }: Pick<TreeRecorder, 'wholly'>,
  ): Promise<Reference | undefined> {
    const recorded = wholly && this.#records.snapshotOf(wholly.record, wholly.directories);
    if (recorded === undefined) return undefined;
    const { id, mayLack } = recorded;
    try {
      const reference = await readReference(await engine.openReader('references'), id);
      if (!reference?.complete) return undefined;
      if (!mayLack) return reference;
      // Loaded here: few runs come after a loss.
      const { hasSegments } = await import('../../snapshot/has-segments.ts');
      const reader = await engine.openReader('segments');
      return (await hasSegments(reader, reference.root)) ? reference : undefined;
    } catch (error) {
      if (!isFailure(error)) throw error;
      return undefined;
    }
  }

  /**
   * Makes the lines of all directories that hold what a record says, in this thread. Throws as
   * `addLinesAgain`.
   */
  addAllLines(recorder: TreeRecorder): void {
    this.addLinesAgain(this.#linesOf(recorder.pending, this.#records.shared, recorder), recorder);
  }

  /**
   * The same, of what the records of earlier runs do not give any more: from what this run has recorded
   * itself. Throws an IngotError where it does not have it.
   */
  addLinesAgain(waiting: readonly PendingDirectories[], recorder: TreeRecorder): void {
    if (waiting.length === 0) return;
    const own = this.#records.readBack();
    const records = own && this.#records.shared.map(() => own);
    const left = records === undefined ? waiting : this.#linesOf(waiting, records, recorder);
    if (left.length > 0) throw unreadable();
  }

  /** Gives those of which none could be made. */
  #linesOf(
    waiting: readonly PendingDirectories[],
    records: readonly SharedRecord[],
    recorder: TreeRecorder,
  ): PendingDirectories[] {
    const scans = records.map((record) => new DirectoryScan(record));
    const devices = new Devices();
    const options = { isRecorded: false, wantXattrs: this.#options.xattrs ?? true };
    return waiting.flatMap((directories) => {
      const { files } = directories;
      const blocks = new EntryBlocks(devices, files.count, options);
      const pending = addLines(directories, scans, blocks);
      const taken = blocks.take();
      recorder.add(taken);
      giveBack(taken.bytes);
      return pending.length === 0 ? [] : [{ files, pending }];
    });
  }

  /** For a run that has made a snapshot: what it has learnt counts for the next one. */
  finish({ generation, report }: MadeSnapshot): void {
    if (generation !== undefined && report.id !== undefined)
      this.#records.finish({ generation, snapshot: report.id });
  }

  /** After a failed flush nobody knows what is durable, so nothing stays for the next run. */
  close({ flushFailed, damagedBlocks }: RecordsEnd): void {
    if (damagedBlocks > 0) this.#records.notice(DAMAGED);
    this.#records.close({ keepPart: !flushFailed });
  }
}

function unreadable(): IngotError {
  return new IngotError({
    what: 'cannot record the snapshot',
    code: 'INGOT_RECORD',
    why: 'the record of an earlier run cannot be read any more',
    hint: 'run it again with --rescan',
  });
}
