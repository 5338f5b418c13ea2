/** ingot: fast, durable ingest of directory trees into a content-addressed store. */
import './require-platform.ts';

export { type Digest, isDigest, parseDigest } from './digest.ts';
export { type DoctorOptions, doctor } from './doctor/doctor.ts';
export type { FlushFigure, FlushFigures } from './doctor/flushes.ts';
export type { Intake } from './doctor/intake.ts';
export type { DepthRate, ReadFigures } from './doctor/reads.ts';
export type {
  Advice,
  Advised,
  DoctorReport,
  Figures,
  RateFigures,
  ThreadRates,
} from './doctor/report.ts';
export type { Spread } from './doctor/spread.ts';
export { type Failure, type FailureKind, IngotError, printable, UsageError } from './errors.ts';
export { type BagOptions, exportBag } from './export/export-bag.ts';
export { exportComposefs } from './export/export-composefs.ts';
export { exportManifest } from './export/export-manifest.ts';
export type { ExportOptions } from './export/exported-tree.ts';
export { exportTar } from './export/tar/export-tar.ts';
export {
  IngestError,
  type IngestOptions,
  type IngestReport,
  PHASES,
  type Phase,
  type Progress,
  type SnapshotReport,
} from './ingest/api.ts';
export { ingest } from './ingest/ingest.ts';
export { type EntryReport, OUTCOMES, type Outcome } from './ingest/outcome.ts';
export type {
  RemovalAnswer,
  RemovalProgress,
  RemovalQuestion,
  RemovalReport,
  StayedEntry,
} from './ingest/removal.ts';
export { escapeName, toBytes } from './names.ts';
export type { Estimate } from './progress/estimate.ts';
export type { ReadAheadReport } from './read-ahead/cost.ts';
export {
  OVERWRITES,
  type Overwrite,
  type RestoredEntry,
  type RestoredType,
  type RestoreOptions,
  type RestoreOutcome,
  type RestoreProgress,
  type RestoreReport,
  type Shortfall,
} from './restore/report.ts';
export { restore } from './restore/restore.ts';
export type {
  GuaranteeNumber,
  GuaranteeReport,
  SelftestReport,
  TrialName,
  Verdict,
} from './selftest/report.ts';
export { type SelftestOptions, selftest } from './selftest/selftest.ts';
export type { Catalog, DamagedReference } from './snapshot/catalog.ts';
export {
  CHANGES,
  type Change,
  type Difference,
  FIELDS,
  type Field,
} from './snapshot/diff/change.ts';
export { type DiffOptions, diff } from './snapshot/diff/diff.ts';
export type { Compared } from './snapshot/diff/side.ts';
export type {
  DirectoryEntry,
  Entry,
  FileEntry,
  LinkEntry,
  MissingEntry,
  Xattr,
} from './snapshot/entry.ts';
export { type FindOptions, type Found, find } from './snapshot/find.ts';
export {
  type Fate,
  type ForgetOptions,
  type ForgetReport,
  forget,
  forgottenSnapshots,
  type UnforgetOptions,
  unforget,
} from './snapshot/forget/forget.ts';
export type { GroupKey, Policy } from './snapshot/forget/policy.ts';
export type { GcOptions, GcProgress, GcReport } from './snapshot/gc/api.ts';
export { gc } from './snapshot/gc/gc.ts';
export { type HistoryOptions, history, type Version } from './snapshot/history.ts';
export type { EntryCounts, OwnerName, Reference, SourceName } from './snapshot/reference.ts';
export type { Root } from './snapshot/segment.ts';
export {
  type OpenSnapshotOptions,
  openSnapshot,
  Snapshot,
  snapshots,
} from './snapshot/snapshot.ts';
export type {
  Amount,
  SnapshotStats,
  StatsOptions,
  StatsTreesProgress,
  StoreStats,
} from './snapshot/stats/api.ts';
export { storeStats } from './snapshot/stats/stats.ts';
export type {
  DamagedSnapshot,
  TreesProgress,
  VerifyOptions,
  VerifyReport,
} from './snapshot/verify/api.ts';
export type { LostObject, LostState } from './snapshot/verify/lost.ts';
export { verify } from './snapshot/verify/verify.ts';
export type { UnsupportedKind } from './sources/kind.ts';
export {
  type BarrierChoice,
  type BarrierKind,
  type Durability,
  LAYOUTS,
  type Layout,
  type Sharing,
} from './store/choices.ts';
export type { PutOptions, PutResult } from './store/put.ts';
export type { PutSource } from './store/put-source.ts';
export { relayout } from './store/relayout.ts';
export type { LockHolder } from './store/seam/collecting.ts';
export type {
  DamagedObject,
  RelayoutOptions,
  RelayoutProgress,
  RelayoutReport,
  UnreadableObject,
} from './store/seam/upkeep.ts';
export { type ObjectInfo, type OpenOptions, Store } from './store/store.ts';
export { unpin } from './store/unpin.ts';
export type { VerifyProgress } from './store/verify/verify-progress.ts';
