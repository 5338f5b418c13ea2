import type { Peer } from './peer.ts';
import { programVersion } from './version.ts';

export const RESTIC: Peer = {
  name: 'restic',
  version: programVersion('restic', 'version'),
  settings: 'backup --compression off --no-cache --pack-size 128',
  keeps: 'names, modes, owners, times, links, in a snapshot; dedup of chunks; encrypts',
  flush: 'flushes itself, each pack: changelog of 0.10.0, #2395',
  environment: { RESTIC_PASSWORD: 'bench' },
  init: 'restic init --quiet --repo "$REPO"',
  // The tree as '.': paths in the snapshot begin where it does.
  store: `cd "$TREE"
    restic backup --quiet --repo "$REPO" --compression off --no-cache --pack-size 128 .`,
  restore: 'restic restore --quiet --repo "$REPO" --no-cache --target "$TARGET" latest',
  count: `restic ls --json --no-cache --repo "$REPO" latest | grep -c '"type":"file"'`,
  digest: 'restic dump --quiet --no-cache --repo "$REPO" latest "/$FILE" | sha256sum',
};
