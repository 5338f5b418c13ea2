import type { Peer } from './peer.ts';
import { programVersion } from './version.ts';

export const CP: Peer = {
  name: 'cp -r',
  version: programVersion('cp', '--version'),
  settings: '-rT --update: a file that has a newer copy is left alone',
  keeps: 'names and modes; no digests, no dedup',
  flush: 'sync -f inside the measured time',
  init: 'mkdir "$REPO"',
  store: 'cp -rT --update "$TREE" "$REPO" && sync -f "$REPO"',
  count: 'find "$REPO" -type f -printf x | wc -c',
  digest: 'sha256sum < "$REPO/$FILE"',
};
