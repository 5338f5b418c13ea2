import type { Peer } from './peer.ts';
import { programVersion } from './version.ts';

export const OSTREE: Peer = {
  name: 'ostree',
  version: programVersion('ostree', '--version'),
  settings: 'commit --no-xattrs --canonical-permissions; mode bare-user-only',
  keeps: 'names, in a commit; digests, dedup of whole files',
  flush: 'flushes itself, a syncfs and each folder: ostree.repo-config(5), fsync, per-object-fsync',
  init: `
    ostree init --repo="$REPO" --mode=bare-user-only
    ostree --repo="$REPO" config set core.min-free-space-percent 0`,
  store: `ostree commit --repo="$REPO" --branch=main --subject=tree \\
    --no-xattrs --canonical-permissions --tree=dir="$TREE"`,
  count: 'ostree ls --repo="$REPO" -R main | grep -ac ^-',
  digest: 'ostree cat --repo="$REPO" main "/$FILE" | sha256sum',
};
