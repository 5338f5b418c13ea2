import { childEnvironment } from './node-peer.ts';
import type { Peer } from './peer.ts';
import { packageVersion } from './version.ts';

export const PNPM_STORE: Peer = {
  name: 'pnpm store',
  version: packageVersion('@pnpm/store.cafs'),
  settings: 'addFilesFromDir() of @pnpm/store.cafs in a worker a processor, an index file each',
  keeps: 'names and modes, in an index; digests, dedup of whole files',
  flush: 'it never flushes: sync -f inside the measured time',
  environment: childEnvironment('./pnpm-store-child.js'),
  init: 'mkdir "$REPO"',
  store: '"$NODE" "$CHILD" store "$REPO" "$TREE" && sync -f "$REPO"',
  count: '"$NODE" "$CHILD" count "$REPO"',
  digest: '"$NODE" "$CHILD" digest "$REPO" "$FILE"',
};
