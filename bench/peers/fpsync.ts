import type { Peer } from './peer.ts';
import { programVersion } from './version.ts';

export const FPSYNC: Peer = {
  name: 'fpsync',
  version: programVersion('fpsync', '-h'),
  settings: '-n: two rsyncs a processor, with the options of its own',
  keeps: 'names, modes, owners, times, links; no digests, no dedup',
  flush: 'sync -f inside the measured time',
  init: 'mkdir "$REPO"',
  // Without -O it leaves out some names; -e is given in any case, so that it leaves out none.
  store: `fpsync -n $((2 * $(nproc))) -t "$HOME/fpsync" -O -e "$TREE/" "$REPO/"
    sync -f "$REPO"`,
  count: 'find "$REPO" -type f -printf x | wc -c',
  digest: 'sha256sum < "$REPO/$FILE"',
};
