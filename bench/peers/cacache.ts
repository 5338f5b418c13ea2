import { childEnvironment } from './node-peer.ts';
import type { Peer } from './peer.ts';
import { packageVersion } from './version.ts';

export const CACACHE: Peer = {
  name: 'cacache',
  version: packageVersion('cacache'),
  settings: 'put() of whole files, sha256, 16 at a time',
  keeps: 'a key for each content, in an index; digests, dedup of whole files',
  flush: 'it never flushes: sync -f inside the measured time',
  environment: childEnvironment('./cacache-child.js'),
  init: 'mkdir "$REPO"',
  store: '"$NODE" "$CHILD" store "$REPO" "$TREE" && sync -f "$REPO"',
  count: '"$NODE" "$CHILD" count "$REPO"',
  digest: '"$NODE" "$CHILD" digest "$REPO" "$FILE"',
};
