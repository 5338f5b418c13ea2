import type { Failure } from '../../errors.ts';
import type { FoundFiles } from '../../sources/found-files.ts';
import type { UnsupportedKind } from '../../sources/kind.ts';
import type { FoundDirectory, FoundEntry, WalkSink } from '../../sources/walk/entries.ts';
import type { EntryReport } from '../outcome.ts';
import { wordOf } from '../why-missing.ts';
import type { TreeRecorder } from './tree-recorder.ts';

/** Where a walk hands on what is for the workers, and counts what is not. */
export interface IntakePipeline {
  files(found: FoundFiles): Promise<void> | undefined;
  ended(entry: EntryReport): void;
  directory(): void;
  notice(text: string): void;
}

/** Takes what a walk meets: files and links go to the pipeline, all into the snapshot. */
export class WalkIntake implements WalkSink {
  readonly #pipeline: IntakePipeline;
  readonly #recorder: TreeRecorder | undefined;

  /** `recorder`: undefined where no snapshot is to be made. */
  constructor(pipeline: IntakePipeline, recorder: TreeRecorder | undefined) {
    this.#pipeline = pipeline;
    this.#recorder = recorder;
  }

  files(found: FoundFiles): Promise<void> | undefined {
    return this.#pipeline.files(found);
  }

  unsupported(entry: FoundEntry, kind: UnsupportedKind): void {
    this.#pipeline.ended({ path: entry.path, outcome: 'unsupported', kind });
    this.#recorder?.missing(entry, kind);
  }

  unreadable(entry: FoundEntry, failure: Failure): void {
    this.#pipeline.ended({ path: entry.path, outcome: 'unreadable', failure });
    this.#recorder?.missing(entry, wordOf(failure.code));
  }

  vanished(entry: FoundEntry, failure: Failure): void {
    this.#pipeline.ended({ path: entry.path, outcome: 'vanished', failure });
    this.#recorder?.missing(entry, 'vanished');
  }

  excluded(path: string): void {
    this.#pipeline.ended({ path, outcome: 'excluded' });
  }

  directory(found: FoundDirectory): void {
    if (found.lacks === undefined) this.#pipeline.directory();
    this.#recorder?.directory(found);
  }

  knownDirectory(record: number): void {
    this.#pipeline.directory();
    this.#recorder?.known(record);
  }

  onTheWay(found: FoundDirectory): void {
    this.#recorder?.directory(found);
  }

  notice(text: string): void {
    this.#pipeline.notice(text);
  }
}
