import type { Engine } from '../../store/seam/engine.ts';
import type { IngestOptions } from '../api.ts';

/** What `ingest` was called with, all of it checked. */
export interface RunRequest {
  readonly engine: Engine;
  readonly sources: readonly string[];
  readonly options: IngestOptions;
  readonly threads: number;
  /** `performance.now()` when the run began. */
  readonly begun: number;
}
