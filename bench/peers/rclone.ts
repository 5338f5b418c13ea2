import type { Peer } from './peer.ts';
import { programVersion } from './version.ts';

export const RCLONE: Peer = {
  name: 'rclone',
  // Without a configuration, or it makes a folder for one.
  version: programVersion('rclone', '--config=', 'version'),
  settings: 'copy --skip-links; four files at a time, as it comes',
  keeps: 'names and times; compares the MD5 of each copy, keeps no digests; no dedup',
  flush: 'it never flushes: sync -f inside the measured time',
  init: 'mkdir "$REPO"',
  store: 'rclone copy --skip-links "$TREE" "$REPO" && sync -f "$REPO"',
  count: 'find "$REPO" -type f -printf x | wc -c',
  digest: 'sha256sum < "$REPO/$FILE"',
};
