import type { Peer } from './peer.ts';
import { programVersion } from './version.ts';

const LAST = 'archive=$(borg list --last 1 --format "{archive}" "$REPO")';

export const BORG: Peer = {
  name: 'borg',
  version: programVersion('borg', '--version'),
  settings: 'create --compression none --noacls --noxattrs --noflags; encryption none',
  keeps: 'names, modes, owners, times, links, in an archive; dedup of chunks',
  flush: 'flushes itself, each segment: docstring of SyncFile in borg/platform/base.py',
  environment: {
    BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK: 'yes',
    BORG_RELOCATED_REPO_ACCESS_IS_OK: 'yes',
  },
  init: 'borg init --encryption none "$REPO"',
  store: `cd "$TREE"
    borg create --compression none --noacls --noxattrs --noflags "$REPO::{utcnow:%H%M%S%f}" .`,
  restore: `${LAST}; cd "$TARGET"
    borg extract --noacls --noxattrs --noflags "$REPO::$archive"`,
  count: `${LAST}; borg list --format '{type}{NL}' "$REPO::$archive" | grep -c ^-`,
  digest: `${LAST}; borg extract --stdout "$REPO::$archive" "$FILE" | sha256sum`,
};
