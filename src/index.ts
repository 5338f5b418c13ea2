/** ingot: fast, durable ingest of directory trees into a content-addressed store. */
import './require-platform.ts';

export { type DoctorOptions, doctor } from './doctor/doctor.ts';
export type { FlushFigure, FlushFigures } from './doctor/flushes.ts';
export type {
  Advice,
  Advised,
  DoctorReport,
  Figures,
  RateFigures,
  ThreadRates,
} from './doctor/report.ts';
export type { Spread } from './doctor/spread.ts';
export { type Failure, IngotError, printable, UsageError } from './errors.ts';
export {
  IngestError,
  type IngestOptions,
  type IngestReport,
  type Progress,
  STAGES,
  type Stage,
} from './ingest/api.ts';
export { ingest } from './ingest/ingest.ts';
export {
  type EntryReport,
  OUTCOMES,
  type Outcome,
  type UnsupportedKind,
} from './ingest/outcome.ts';
export { verify } from './ingest/verify.ts';
export { escapeName, toBytes } from './names.ts';
export type {
  GuaranteeNumber,
  GuaranteeReport,
  SelftestReport,
  TrialName,
  Verdict,
} from './selftest/report.ts';
export { type SelftestOptions, selftest } from './selftest/selftest.ts';
export type { BarrierKind } from './store/barrier.ts';
export { type BarrierChoice, type Durability, LAYOUTS, type Layout } from './store/choices.ts';
export { type Digest, isDigest, parseDigest } from './store/digest.ts';
export type { PutOptions, PutResult, PutSource } from './store/put.ts';
export { type RelayoutOptions, type RelayoutReport, relayout } from './store/relayout.ts';
export { type StoreStats, storeStats } from './store/stats.ts';
export { type ObjectInfo, type OpenOptions, Store } from './store/store.ts';
export type { VerifyProgress, VerifyReport } from './store/verify.ts';
export type { DamagedObject } from './store/verify-objects.ts';
