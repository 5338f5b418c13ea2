/** Between the doctor and the process that flushes for it. */

/**
 * fsyncFile: one new file. fsyncDirectory: the folder that got a new name. fsyncGroup: new files,
 * side by side. syncfsFile and syncfsGroup: the whole file system, after that many new files.
 */
export type FlushKind =
  | 'fsyncFile'
  | 'fsyncDirectory'
  | 'fsyncGroup'
  | 'syncfsFile'
  | 'syncfsGroup';

export interface FlushRequest {
  readonly kind: FlushKind;
  /** New files before the flush. A disk that is slow at making them gets fewer. */
  readonly files: number;
}

export interface FlushSample {
  /** The flush alone. */
  readonly ms: number;
  readonly files: number;
}
