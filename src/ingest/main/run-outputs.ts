import type { Digest } from '../../digest.ts';
import { failureOf } from '../../errors.ts';
import { realPathOf } from '../../names.ts';
import { packageVersion } from '../../places.ts';
import type { OutputFile } from '../../sources/walk/outputs.ts';
import type { WalkPlan } from '../../sources/walk/walk-sources.ts';
import type { IngestReport } from '../api.ts';
import type { EntryReport } from '../outcome.ts';
import type { JournalWriter } from './journal.ts';
import type { EndFacts } from './journal-line.ts';
import { type ManifestWriter, pathPrefix } from './manifest.ts';
import type { RunRequest } from './run-request.ts';

/** How a run has ended. */
export interface RunEnd extends Pick<EndFacts, 'walked' | 'takenBack'> {
  readonly report: IngestReport;
  /** Why it has failed, if it has. */
  readonly cause: Error | undefined;
}

/** What a run writes for its user besides the store. */
export class RunOutputs {
  readonly #request: RunRequest;
  readonly #manifest: ManifestWriter | undefined;
  readonly #journal: JournalWriter | undefined;

  constructor(
    request: RunRequest,
    manifest: ManifestWriter | undefined,
    journal: JournalWriter | undefined,
  ) {
    this.#request = request;
    this.#manifest = manifest;
    this.#journal = journal;
  }

  /** Those that a walk may meet. */
  get files(): OutputFile[] {
    const manifest = this.#manifest?.file;
    const journal = this.#journal?.file;
    return [
      ...(manifest === undefined ? [] : [{ path: manifest, is: 'the manifest' }]),
      ...(journal === undefined ? [] : [{ path: journal, is: 'the journal' }]),
    ];
  }

  /** Undefined where nobody wants to know. */
  onStored(plan: WalkPlan): ((digest: Digest, path: string) => void) | undefined {
    const manifest = this.#manifest;
    if (manifest === undefined) return undefined;
    const prefix = pathPrefix(plan);
    return (digest, path) => manifest.add(digest, path.slice(prefix.length));
  }

  /** Undefined where nobody wants to know. */
  get onEach(): ((entry: EntryReport) => void) | undefined {
    const journal = this.#journal;
    return journal && ((entry) => journal.add(entry));
  }

  get wantDigests(): boolean {
    return this.#manifest !== undefined || this.#journal !== undefined;
  }

  /** Throws an IngotError. */
  begin(): void {
    const { sources, options } = this.#request;
    const { filesFrom, retry } = options;
    this.#journal?.begin({
      ...{ time: new Date().toISOString(), version: packageVersion(), cwd: realPathOf('.') },
      ...{ sources, filesFrom, retry },
    });
  }

  /** Writes the manifest of a run that has gone well. Rejects with an IngotError. */
  async finish(signal: AbortSignal | undefined): Promise<void> {
    await this.#manifest?.finish(signal);
  }

  /**
   * Says in the journal how a run has ended, well or not; nothing more is written. Rejects with an
   * IngotError.
   */
  async end({ report, cause, walked, takenBack }: RunEnd): Promise<void> {
    const { outcomes, lostSources, snapshot } = report;
    try {
      await this.#journal?.end({
        ...{ time: new Date().toISOString(), outcomes, walked, takenBack, lostSources },
        ...{ cause: cause && failureOf('the run failed', cause), snapshot: snapshot?.id },
      });
    } finally {
      this.close();
    }
  }

  /** Of a run that does not begin. */
  close(): void {
    this.#manifest?.abandon();
    this.#journal?.close();
  }
}
