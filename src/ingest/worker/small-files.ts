/** Files below this many bytes are read whole; larger ones get a task of their own. */
export const SMALL_FILE_BYTES = 4 << 20;
