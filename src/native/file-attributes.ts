import type { Statx } from './libc.ts';

/** What decides whether a name can be given to another file. */
export interface FileAttributes {
  /** Names can be added to this directory, and none can be taken away (chattr +a). */
  readonly appendOnly: boolean;
  /** A file system, or a single file (`mount --bind`), is mounted here. */
  readonly mountRoot: boolean;
}

/** Of struct statx (statx(2)): the low half of stx_attributes, in words of 4 bytes. */
const ATTRIBUTES_AT = 2;
const STATX_BYTES = 256;
const STATX_ATTR_APPEND = 0x20;
/** Known since Linux 5.8. */
const STATX_ATTR_MOUNT_ROOT = 0x2000;

/**
 * The attributes of what is at a path, links followed. None where statx(2) cannot be called, the
 * kernel or the file system does not know them, or nothing is there.
 */
export function attributesAt(path: string | Buffer, statx: Statx | undefined): FileAttributes {
  const words = new Uint32Array(STATX_BYTES / 4);
  const bits = statx?.at(path, true, words) ? words[ATTRIBUTES_AT]! : 0;
  return {
    appendOnly: (bits & STATX_ATTR_APPEND) !== 0,
    mountRoot: (bits & STATX_ATTR_MOUNT_ROOT) !== 0,
  };
}
