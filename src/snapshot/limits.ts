/** What bounds a snapshot's parts. Nothing is allocated for what claims to be larger. */

/** Bytes of a segment. */
export const MAX_SEGMENT_BYTES = 1 << 20;
/** A segment ends after the line with which it has as many bytes. */
export const FULL_SEGMENT_BYTES = 512 << 10;
/** Bytes of a line of a segment. */
export const MAX_LINE_BYTES = 500_000;
/** Bytes of a snapshot's reference. */
export const MAX_REFERENCE_BYTES = 4 << 20;
/** Bytes of one name: 255 characters of three bytes each, and some more. */
export const MAX_NAME_BYTES = 1024;
/** Bytes of a path in the tree, slashes included, and of a link's target. */
export const MAX_PATH_BYTES = 64 << 10;
/** The level of the root: of more than 10^14 entries it would be higher. */
export const MAX_LEVEL = 7;
/** Bytes of one extended attribute, as of XATTR_SIZE_MAX. */
export const MAX_XATTR_BYTES = 64 << 10;
