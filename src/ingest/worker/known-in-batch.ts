import type { FileStatus } from '../../native/file-status.ts';
import type { SourceFd } from '../../native/files.ts';
import { isLink } from '../../record/entry.ts';
import type { FoundFiles } from '../../sources/found-files.ts';
import type { SourceDirectory } from '../../sources/source-directory.ts';
import type { Group } from '../../store/seam/write.ts';
import type { BatchTask } from '../messages.ts';
import type { CostMeter } from '../task-cost.ts';
import type { BatchFiles, RecordedNames } from './batch-files.ts';
import type { BatchResult } from './batch-result.ts';
import type { BatchContext } from './batch-task.ts';
import { identityIn, ifAllowed } from './unchanged-entries.ts';
import type { PlaceInBatch } from './upcoming.ts';
import type { NamesInRecord } from './whole-directories.ts';

export interface KnownParts {
  readonly task: Pick<BatchTask, 'id' | 'setup'>;
  readonly context: BatchContext;
  readonly group: Group;
  readonly meter: CostMeter;
  readonly result: BatchResult;
}

/** What ends in a batch without being read: what earlier runs have recorded, and what was read before. */
export class KnownInBatch implements RecordedNames {
  readonly #parts: KnownParts;

  constructor(parts: KnownParts) {
    this.#parts = parts;
  }

  takeWhole(found: FoundFiles, source: SourceDirectory, place: PlaceInBatch): boolean {
    const { context, group, meter, result } = this.#parts;
    if (context.stopped()) return false;
    const directory = context.whole.find(found, source, group);
    const bytes = directory && result.whole(place, directory);
    if (bytes === undefined) return false;
    meter.bytesKnown += bytes;
    const { entries } = found.known!;
    if (directory!.scan.record.isPart) meter.resumed += entries;
    Atomics.add(context.entriesRead, 0, entries);
    return true;
  }

  namesOf(found: FoundFiles, { first, directory }: PlaceInBatch): NamesInRecord {
    const { context, result } = this.#parts;
    const inRecord = context.whole.namesOf(found);
    result.listed(directory, inRecord);
    for (let at = inRecord.names.length; at < found.known!.entries; at++)
      result.gone(first + at, found.directory);
    return inRecord;
  }

  /** What follows lies in another directory. */
  enter(files: BatchFiles): void {
    const { task, context, result } = this.#parts;
    const found = files.found!;
    const look = () => files.identity(context.status);
    const identity = identityIn(found, task.setup, context.devices, look);
    result.blocks?.enter(found, identity);
    context.unchanged.enter(found, identity);
  }

  /** True for what an earlier run has recorded, and which is what it was: it has ended. */
  isUnchanged(files: BatchFiles): boolean {
    const { context, group, meter, result } = this.#parts;
    const { unchanged } = context;
    if (unchanged.isEmpty) return false;
    if (unchanged.isExact) return this.#isSame(files);
    const status = ifAllowed(() => files.look(context.status));
    if (status === undefined) return false;
    const { index, name } = files;
    const link = files.isLink ? unchanged.link(name, status) : undefined;
    const file = files.isLink ? undefined : unchanged.file(name, status, group);
    if (link !== undefined) result.unchangedLink(index, name, status, link);
    if (file !== undefined) {
      result.unchangedFile(index, name, status, file);
      meter.bytesKnown += status.size;
    }
    const known = link ?? file;
    if (known?.isPart) meter.resumed++;
    return known !== undefined;
  }

  #isSame(files: BatchFiles): boolean {
    const { context, group, meter, result } = this.#parts;
    const directory = ifAllowed(() => files.descriptor());
    if (directory === undefined) return false;
    const { index, name } = files;
    const same = context.unchanged.same(name, directory, group);
    if (same === undefined || isLink(same.entry) !== files.isLink) return false;
    meter.bytesKnown += result.same(index, name, same.entry);
    if (same.isPart) meter.resumed++;
    return true;
  }

  /** True for another name of a file that was read, which is open: it has ended. */
  isSeen({ index, name }: BatchFiles, status: FileStatus, fd: SourceFd): boolean {
    const { task, context, group, meter, result } = this.#parts;
    const file = context.seen.find(status);
    if (file === undefined) return false;
    const { digest, size } = file;
    const owner = context.claims.owner(digest);
    if (owner === 0 && group.lookup(digest, size) !== 'present') return false;
    result.stored(index, digest, size, owner === task.id ? 0 : owner, true);
    if (result.blocks !== undefined) {
      const xattrs = context.xattrs.ofOpen(fd);
      result.blocks.file(name, { status, size, digest, xattrs, lookedAt: Date.now() });
    }
    meter.bytesKnown += size;
    return true;
  }
}
