import type { Peer } from './peer.ts';
import { programVersion } from './version.ts';

/** Its own metadata lies beside the files; a large file is a folder of chunks, NAME.bup. */
const FILES = `sed -z -e '/^100/!d' -e 's/^[^\\t]*\\t//' -e '/\\(^\\|\\/\\)\\.bupm\\(\\/\\|$\\)/d' \\
    -e 's/\\.bup\\/.*/.bup/'`;

export const BUP: Peer = {
  name: 'bup',
  version: programVersion('bup', '--version'),
  settings: 'index, save -0 (no compression)',
  keeps: 'names, modes, owners, times, links, in a snapshot; dedup of chunks',
  flush: 'flushes itself, each pack: bup/git.py; documented nowhere',
  environment: { GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null' },
  init: 'bup -d "$REPO" init',
  store: `bup -d "$REPO" index "$TREE"
    bup -d "$REPO" save -q -0 --name main --strip "$TREE"`,
  count: `git --git-dir="$REPO" ls-tree -rz main | ${FILES} | sort -zu | tr -cd '\\0' | wc -c`,
  digest: 'bup -d "$REPO" cat-file "main/latest/$FILE" | sha256sum',
};
