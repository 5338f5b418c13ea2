/** The disk that is measured: a quiet one made for it, or a folder on the user's own. */
export interface Arena {
  /** An empty directory, whatever ran before. */
  readonly path: string;
  /** `ext4 on a loop file in memory`, or type and device of the user's disk. */
  readonly description: string;
  /** Empty again; outside every measured time. On the quiet disk a new file system. */
  renew(): void;
  freeBytes(): number;
  remove(): void;
}
