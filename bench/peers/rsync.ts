import type { Peer } from './peer.ts';
import { programVersion } from './version.ts';

export const RSYNC: Peer = {
  name: 'rsync',
  version: programVersion('rsync', '--version'),
  settings: '-a',
  keeps: 'names, modes, owners, times, links; no digests, no dedup',
  flush: 'sync -f inside the measured time, faster than --fsync of each file (rsync(1))',
  init: 'mkdir "$REPO"',
  store: 'rsync -a "$TREE/" "$REPO/" && sync -f "$REPO"',
  count: 'find "$REPO" -type f -printf x | wc -c',
  digest: 'sha256sum < "$REPO/$FILE"',
};
