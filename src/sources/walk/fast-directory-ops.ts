import fs from 'node:fs';
import type { FileStatus, StatusReader } from '../../native/file-status.ts';
import { type EntryStatus, ModeStatus } from '../mode-status.ts';
import { type DirectoryOps, nodeDirectoryOps } from './directory.ts';

/** A walk looks at every directory's status: through statx that takes half of Node's time. */
export function fastDirectoryOps(status: StatusReader): DirectoryOps {
  // Not all of fs, which would load its streams and promises.
  const { readdirSync, opendirSync } = nodeDirectoryOps;
  return {
    readdirSync,
    opendirSync,
    // What is missing is left to Node's call, which throws the error that belongs to it.
    lstatSync: (path) => entryStatus(status.atLink(path)) ?? fs.lstatSync(path),
    statSync: (path) => entryStatus(status.at(path)) ?? fs.statSync(path),
  };
}

function entryStatus(status: FileStatus | undefined): EntryStatus | undefined {
  return status && new ModeStatus(status);
}
